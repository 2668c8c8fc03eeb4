package org.jpatroni.dcs.zookeeper;

import java.util.Locale;
import org.apache.zookeeper.server.DatadirCleanupManager;
import org.apache.zookeeper.server.ServerConfig;
import org.apache.zookeeper.server.ZooKeeperServerMain;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;
import org.apache.zookeeper.util.ServiceUtils;
import org.jspecify.annotations.Nullable;

/**
 * One run of a ZooKeeper server in this process. ZooKeeper's own class for embedding writes its settings to a new file at each start, and
 * swallows the reason when a start fails; so this uses what lies under it.
 */
final class EmbeddedServer {

    static {
        // Written for a process of its own, the server ends the process when it cannot go on. Not ours.
        ServiceUtils.setSystemExitProcedure(ServiceUtils.LOG_ONLY);
    }

    private final EmbeddedSettings settings;
    private @Nullable Alone alone;
    private @Nullable Member member;
    private @Nullable DatadirCleanupManager cleanup;
    private boolean closed;

    /** Both main classes keep their parts to subclasses. */
    private static final class Alone extends ZooKeeperServerMain {
        private volatile boolean serving;

        @Override
        protected void serverStarted() {
            serving = true;
        }

        void stop() {
            serving = false;
            close();
        }
    }

    private static final class Member extends QuorumPeerMain {
        @Nullable
        QuorumPeer peer() {
            return quorumPeer;
        }
    }

    EmbeddedServer(EmbeddedSettings settings) {
        this.settings = settings;
    }

    /** Returns when the server has ended, whatever the cause. */
    void run() throws Exception {
        QuorumPeerConfig config = new QuorumPeerConfig();
        config.parseProperties(settings.toProperties());
        Alone standalone = null;
        Member quorumMember = null;
        synchronized (this) {
            if (closed) {
                return;
            }
            cleanup = new DatadirCleanupManager(config.getDataDir(), config.getDataLogDir(),
                    config.getSnapRetainCount(),
                    config.getPurgeInterval());
            cleanup.start();
            if (settings.isAlone()) {
                standalone = new Alone();
                alone = standalone;
            } else {
                quorumMember = new Member();
                member = quorumMember;
            }
        }
        if (standalone != null) {
            ServerConfig serverConfig = new ServerConfig();
            serverConfig.readFrom(config);
            standalone.runFromConfig(serverConfig);
        } else if (quorumMember != null) {
            quorumMember.runFromConfig(config);
        }
    }

    synchronized boolean isServing() {
        if (alone != null) {
            return alone.serving;
        }
        QuorumPeer peer = member == null ? null : member.peer();
        return peer != null && peer.getActiveServer() != null && peer.getActiveServer().isRunning();
    }

    synchronized String state() {
        if (closed) {
            return "stopped";
        }
        if (alone != null) {
            return alone.serving ? "standalone" : "looking";
        }
        QuorumPeer peer = member == null ? null : member.peer();
        return peer == null ? "looking" : peer.getPeerState().name().toLowerCase(Locale.ROOT);
    }

    synchronized void close() {
        closed = true;
        if (alone != null) {
            alone.stop();
        }
        if (member != null) {
            member.close();
        }
        if (cleanup != null) {
            cleanup.shutdown();
        }
    }
}
