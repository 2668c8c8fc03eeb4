package org.jpatroni.app;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handlers for signals. The JDK has no supported class for it; {@code sun.misc.Signal} is in the module {@code jdk.unsupported} and is called by
 * reflection because the compiler's warning about it cannot be silenced.
 */
final class Signals {

    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private Signals() {
    }

    /**
     * Runs the handler on a thread of its own for each such signal, also where whoever started this process has it ignored, as nohup does
     * with HUP: left to itself Java would keep ignoring it, and no reload by signal would ever arrive. Only INT stays ignored where it was:
     * it is meant for whoever works at the terminal, and a shell keeps it from what runs in the background.
     *
     * @param name without SIG, for example {@code TERM}
     */
    static void handle(String name, Runnable handler) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object number = signal.getConstructor(String.class).newInstance(name);
            if (!name.equals("INT")) {
                stopIgnoring((int) signal.getMethod("getNumber").invoke(number));
            }
            Object proxy = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[]{handlerType},
                    new Answer(name, handler));
            signal.getMethod("handle", signal, handlerType).invoke(null, number, proxy);
        } catch (ReflectiveOperationException unavailable) {
            LOG.warn("SIG{} cannot be handled by this Java: {}", name, unavailable.toString());
        }
    }

    @SuppressWarnings("restricted")
    private static void stopIgnoring(int signal) {
        Linker linker = Linker.nativeLinker();
        MethodHandle byDefault = linker.downcallHandle(linker.defaultLookup().findOrThrow("signal"),
                FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
        try {
            MemorySegment before = (MemorySegment) byDefault.invokeExact(signal, MemorySegment.NULL);
            LOG.debug("signal {}: handled by {} before", signal, before.address());
        } catch (Throwable impossible) {
            throw new IllegalStateException("signal", impossible);
        }
    }

    private record Answer(String name, Runnable handler) implements InvocationHandler {
        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) {
            return switch (method.getName()) {
                case "handle" -> {
                    LOG.info("SIG{} received", name);
                    handler.run();
                    yield null;
                }
                case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "handler of SIG" + name;
            };
        }
    }
}
