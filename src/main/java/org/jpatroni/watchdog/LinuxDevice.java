package org.jpatroni.watchdog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jpatroni.runtime.SystemCalls;

/** A device of the Linux watchdog API: {@code linux/watchdog.h}, "The Linux Watchdog driver API" in the kernel's documentation. */
class LinuxDevice implements WatchdogDevice {

    private static final int SETTIMEOUT = 0x0080;
    private static final int MAGICCLOSE = 0x0100;
    private static final int ALARMONLY = 0x0400;
    private static final int KEEPALIVEPING = 0x8000;

    private static final int INFO_BYTES = 40;
    private static final int IDENTITY_OFFSET = 8;

    private static final long GETSUPPORT = request(Direction.READ, 0, INFO_BYTES);
    private static final long KEEPALIVE = request(Direction.READ, 5, Integer.BYTES);
    private static final long SETTIMEOUT_REQUEST = request(Direction.BOTH, 6, Integer.BYTES);
    private static final long GETTIMEOUT = request(Direction.READ, 7, Integer.BYTES);

    private final String path;
    private int fileDescriptor = -1;
    private boolean pings;

    LinuxDevice(String path) {
        this.path = path;
    }

    enum Direction {
        READ, BOTH
    }

    /** {@code _IOR('W', number, bytes)}, {@code _IOWR(...)}: where POWER differs from the rest, see {@code asm/ioctl.h}. */
    static long request(Direction direction, int number, int bytes) {
        boolean power = System.getProperty("os.arch", "").startsWith("ppc");
        int write = power ? 4 : 1;
        long bits = direction == Direction.BOTH ? 2 | write : 2;
        return bits << (power ? 29 : 30) | (long) bytes << 16 | 'W' << 8 | number;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public boolean isOpen() {
        return fileDescriptor >= 0;
    }

    @Override
    public Traits open() throws IOException {
        fileDescriptor = SystemCalls.openForWriting(path);
        return traits();
    }

    /** What it can do. */
    Traits traits() throws IOException {
        byte[] info = new byte[INFO_BYTES];
        SystemCalls.ioctl(fileDescriptor, GETSUPPORT, info);
        int options = ByteBuffer.wrap(info).order(ByteOrder.nativeOrder()).getInt();
        pings = (options & KEEPALIVEPING) != 0;
        String identity = new String(Arrays.copyOfRange(info, IDENTITY_OFFSET, INFO_BYTES), StandardCharsets.US_ASCII);
        int end = identity.indexOf('\0');
        return new Traits(end < 0 ? identity : identity.substring(0, end), (options & SETTIMEOUT) != 0,
                (options & MAGICCLOSE) != 0, (options & ALARMONLY) == 0);
    }

    @Override
    public void setTimeout(int seconds) throws IOException {
        SystemCalls.ioctl(fileDescriptor, SETTIMEOUT_REQUEST, bytes(seconds));
    }

    @Override
    public int timeout() throws IOException {
        byte[] answer = bytes(0);
        SystemCalls.ioctl(fileDescriptor, GETTIMEOUT, answer);
        return ByteBuffer.wrap(answer).order(ByteOrder.nativeOrder()).getInt();
    }

    private static byte[] bytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
    }

    @Override
    public void keepAlive() throws IOException {
        if (pings) {
            SystemCalls.ioctl(fileDescriptor, KEEPALIVE, bytes(0));
        } else {
            write("1");
        }
    }

    /** Writes as it is. */
    final void write(String text) throws IOException {
        SystemCalls.write(fileDescriptor, text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void closeInOrder() throws IOException {
        write("V");
        int closing = fileDescriptor;
        fileDescriptor = -1;
        SystemCalls.close(closing);
    }

    @Override
    public void abandon() {
        int closing = fileDescriptor;
        fileDescriptor = -1;
        try {
            SystemCalls.close(closing);
        } catch (IOException gone) {
            // It was closed or lost before: there is nothing left to give back.
        }
    }
}
