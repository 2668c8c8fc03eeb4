package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.NodeConfig.CtlConfig;
import org.jpatroni.config.NodeConfig.LogConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.RestApiConfig.Tls;
import org.jpatroni.config.RestApiConfig.VerifyClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every setting of every section with a value that is not its default, and what is wrong with wrong ones. */
class SectionsTest {

    static final String FULL = """
            scope: batman
            namespace: db//patroni
            name: pg1
            restapi:
              listen: "*:8008"
              connect_address: "[2001:db8::1]:8009"
              authentication: {username: u, password: 123}
              http_extra_headers: {X-A: 1}
              https_extra_headers: {X-B: 'on'}
              server_tokens: ProductOnly
              request_queue_size: "7"
              certfile: /tls/cert
              keyfile: /tls/key
              keyfile_password: geheim
              cafile: /tls/ca
              ciphers: ECDHE
              verify_client: required
              allowlist: [10.0.0.0/8, host]
              allowlist_include_members: on
            ctl: {insecure: true, certfile: /c, keyfile: /k, keyfile_password: kp}
            postgresql:
              listen: 10.0.0.1,::1:5433
              connect_address: pg1.example.com
              proxy_address: pg1.example.com:6432
              data_dir: /data/./pg1
              config_dir: /etc/pg
              bin_dir: /usr/lib/postgresql/15/bin
              bin_name: {pg_ctl: my_ctl}
              pgpass: /tmp/pgpass
              database: app
              use_unix_socket: true
              use_unix_socket_repl: yes
              callbacks: {on_start: start.sh}
              custom_conf: /etc/custom.conf
              pre_promote: fence
              before_stop: drain
              authentication:
                superuser: {username: postgres, password: geheim, sslmode: verify-ca, sslpassword: sp}
                replication: {username: rep, sslrootcert: /ca}
                rewind: {username: rew}
            watchdog: {mode: off, device: /dev/wd, safety_margin: -1, driver: testing}
            log:
              type: json
              level: warn
              traceback_level: debug
              format: [message, {levelname: level}]
              dateformat: '%H'
              static_fields: {app: db}
              dir: /var/log
              mode: 0640
              file_size: 9
              file_num: 2
              max_queue_size: 77
              loggers: {a: debug, b: 50}
              deduplicate_heartbeat_logs: true
            tags: {nofailover: false, custom: 1.5}
            bootstrap:
              method: restore
              restore: {command: r.sh}
              post_init: psql
              initdb: [data-checksums, {encoding: UTF8}, {locale: '"C"'}, {wal-segsize: 64}]
              dcs: {ttl: 20}
            zookeeper: {hosts: 'zk1,zk2:2182'}
            """;

    @Test
    void everySetting() throws ConfigException {
        ConfigLoader.Loaded loaded = ConfigLoaderTest.load(FULL);
        NodeConfig config = loaded.config();
        assertThat(config.namespace()).isEqualTo("/db/patroni/");
        assertThat(config.restApi()).isEqualTo(new RestApiConfig(new HostPort("*", 8008),
                new HostPort("2001:db8::1", 8009), Optional.of(new BasicCredentials("u", new Secret("123"))),
                Map.of("X-A", "1"), Map.of("X-B", "on"), "productonly", 7,
                Optional.of(new Tls("/tls/cert", Optional.of("/tls/key"), Optional.of(new Secret("geheim")),
                        Optional.of("/tls/ca"), Optional.of("ECDHE"), VerifyClient.REQUIRED)),
                List.of("10.0.0.0/8", "host"), true));
        assertThat(config.restApi().apiUrl()).isEqualTo("https://[2001:db8::1]:8009/patroni");
        assertThat(config.ctl()).isEqualTo(new CtlConfig(true, Optional.of("/tls/ca"), Optional.of("/c"),
                Optional.of("/k"), Optional.of(new Secret("kp")), config.restApi().authentication()));
        assertThat(config.postgres()).isEqualTo(new PostgresConfig("10.0.0.1,::1", 5433, "pg1.example.com", 5432,
                Optional.of(new HostPort("pg1.example.com", 6432)), "/data/pg1", Optional.of("/etc/pg"),
                Optional.of("/usr/lib/postgresql/15/bin"), Map.of("pg_ctl", "my_ctl"), "/tmp/pgpass",
                new Authentication("postgres", Optional.of(new Secret("geheim")),
                        Map.of("sslmode", "verify-ca", "sslpassword", "sp")),
                new Authentication("rep", Optional.empty(), Map.of("sslrootcert", "/ca")),
                Optional.of(new Authentication("rew", Optional.empty(), Map.of())), "app", true, true,
                Map.of("on_start", "start.sh"), Optional.of("/etc/custom.conf"), Optional.of("fence"),
                Optional.of("drain"), config.postgres().local()));
        assertThat(config.watchdog()).isEqualTo(new WatchdogConfig(WatchdogConfig.Mode.OFF, "/dev/wd", -1, "testing"));
        assertThat(config.log()).isEqualTo(new LogConfig("WARNING", Optional.empty(), Optional.of("%H"), "json",
                Optional.of("/var/log"), 9, 2, Map.of("a", "DEBUG", "b", "CRITICAL"), true,
                Map.of("message", "message", "levelname", "level"), Map.of("app", "db"), OptionalInt.of(0640), "DEBUG",
                77));
        assertThat(config.tags().values().toString()).isEqualTo("{nofailover=false, custom=1.5}");
        assertThat(config.bootstrap().method()).isEqualTo("restore");
        assertThat(config.bootstrap().postBootstrap()).contains("psql");
        assertThat(config.bootstrap().initdbOptions()).containsExactly("--data-checksums", "--encoding=UTF8",
                "--locale=C",
                "--wal-segsize=64");
        assertThat(config.bootstrap().dcs().toString()).isEqualTo("{ttl=20}");
        assertThat(config.store()).isEqualTo(new StoreConfig.ZooKeeper(List.of("zk1:2181", "zk2:2182"), false,
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), true, Map.of(), Map.of()));
        assertThat(loaded.warnings()).containsExactly("bootstrap.dcs.ttl: must not be less than loop_wait + 2 * "
                + "retry_timeout, 30 (PATRONI_CONFIGURATION:62)");
        assertThat(ConfigPrinter.yaml(config.tree())).doesNotContain("geheim").contains("keyfile_password: '***'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "restapi: {listen: ':8008', connect_address: '0.0.0.0:8008'} | restapi.connect_address: must be one address that other machines can connect to, not 0.0.0.0 (T:11)",
            "restapi: {listen: '*:8008'} | restapi.connect_address: is required, because listen names no address that others can connect to",
            "restapi: {listen: '10.0.0.1:70000'} | restapi.listen: must be host:port with a port from 1 to 65535 (T:11)",
            "restapi: {listen: 'a:1', connect_address: 'a:1', verify_client: optional} | restapi.verify_client: needs certfile: client certificates exist only with TLS (T:11)",
            "restapi: {listen: 'a:1', connect_address: 'a:1', allowlist: [10.0.0.1/33]} | restapi.allowlist: is no network: 10.0.0.1/33 (T:11)",
            "restapi: {listen: 'a:1', connect_address: 'a:1', verify_client: sometimes} | restapi.verify_client: must be one of none, optional, required (T:11)",
            "restapi: {listen: 'a:1', connect_address: 'a:1', request_queue_size: 5000} | restapi.request_queue_size: must be a whole number from 0 to 4096 (T:11)",
            "restapi: {listen: 'a:1', connect_address: 'a:1', authentication: {username: u}} | restapi.authentication.password: is required",
            "restapi: 5 | restapi: must be a section with keys (T:11)",
            "restapi: {listen: '10.0.0.1:5432', connect_address: 'a:1'} | postgresql.listen: wants port 5432, as restapi.listen does (T:5)",
            "name: __patroni_strict_sync_replica_placeholder__ | name: must not be __patroni_strict_sync_replica_placeholder__ (T:11)",
            "name: a/b | name: must not contain / (T:11)",
            "name: on | name: must be text; YAML reads this value as true or false unless it is quoted (T:11)",
            "watchdog: {mode: perhaps} | watchdog.mode: must be one of off, automatic, required, auto, require, disable, disabled (T:11)",
            "log: {level: loud} | log.level: level must be one of DEBUG, INFO, WARN, WARNING, ERROR, FATAL, CRITICAL (T:11)",
            "log: {format: '%(mesage)s'} | log.format: %(mesage) is no attribute of log records, did you mean %(message)? (T:11)",
            "log: {format: [message]} | log.format: must be text when the type is plain (T:11)",
            "bootstrap: {method: x} | bootstrap.method: there is no section bootstrap.x with a command (T:11)",
            "bootstrap: {initdb: [{pgdata: /x}]} | bootstrap.initdb: option pgdata is not allowed (T:11)",
            "bootstrap: {initdb: [{data-checksums: true}]} | bootstrap.initdb: option data-checksums must have a text as its value, or be written without a colon (T:11)",
            "consul: {host: a} | consul: Consul is not supported; use etcd3, zookeeper or embedded (T:11)",
            "etcd: {host: a} | etcd: the API version 2 of etcd is not supported; use etcd3, zookeeper or embedded (T:11)",
            "citus: {group: 0} | citus.database: is required",
            "citus: {database: d} | citus.group: is required: 0 for the coordinator, 1 and more for workers",
            "citus: {group: -1, database: d} | citus.group: must be a whole number from 0 to 2147483647 (T:11)",
            "{etcd3: {host: 'a'}, zookeeper: {hosts: b}} | zookeeper: only one store can be configured, but there are etcd3, zookeeper (T:11)",
            "etcd3: | etcd3.hosts: is required (or one of host, url, proxy, srv)",
            "etcd3: {hosts: ['a:b']} | etcd3.hosts: must be host:port with a port from 1 to 65535 (T:11)",
            "etcd3: {url: 'u:geheim@x'} | etcd3.url: must be a URL such as http://host:2379 (T:11)",
            "zookeeper: {hosts: []} | zookeeper.hosts: is required (T:11)",
            "zookeeper: {hosts: a, set_acls: {p: [FLY]}} | zookeeper.set_acls: permissions must be some of CREATE, READ, WRITE, DELETE, ADMIN, ALL (T:11)",
            "embedded: {members: {other: 'h:1:2:3'}} | embedded.members: must hold this node, pg1 (T:11)",
            "embedded: {members: {pg1: 'h:1:1:3'}} | embedded.members.pg1: must be host:client_port:peer_port:election_port, three different ports from 1 to 65535 (T:11)",
            "embedded: {members: {pg1: 'h:1:2:3'}, listen: 'h:9'} | embedded.listen: must have the client port of this member, 1 (T:11)",
            "embedded: {listen: '10.0.0.1:8008'} | embedded.listen: wants port 8008, as restapi.listen does (T:11)"})
    void mistakesAreNamed(String line, String problem) {
        String yaml = ConfigLoaderTest.MINIMAL + (line.startsWith("{")
                ? line.substring(1, line.length() - 1)
                        .replace("}, zookeeper", "}\nzookeeper")
                : line) + "\n";
        String expected = problem.replace("(T:", "(PATRONI_CONFIGURATION:");
        if (line.startsWith("{")) {
            expected = expected.replace(":11)", ":12)");
        }
        assertThat(ConfigLoaderTest.problemsOf(yaml)).contains(expected).noneMatch(one -> one.contains("geheim"));
    }

    @Test
    void etcdEndpoints() throws ConfigException {
        assertThat(etcd("{hosts: 'a:1, b'}").endpoints()).containsExactly("http://a:1", "http://b:2379");
        assertThat(etcd("{hosts: ['[::1]:1'], protocol: https, port: 9}").endpoints())
                .containsExactly("https://[::1]:1");
        assertThat(etcd("{host: a}").endpoints()).containsExactly("http://a:2379");
        StoreConfig.Etcd3 url = etcd("{url: 'https://u:p@h', username: x, cacert: /c, cert: /d, key: /k}");
        assertThat(url).isEqualTo(new StoreConfig.Etcd3(List.of("https://h:2379"), Optional.empty(), Optional.empty(),
                Optional.of("u"), Optional.of(new Secret("p")), Optional.of("/c"), Optional.of("/d"),
                Optional.of("/k")));
        assertThat(etcd("{proxy: 'http://h:1'}").endpoints()).containsExactly("http://h:1");
        assertThat(etcd("{proxy: 'http://h:1'}").discoversMembers()).isFalse();
        assertThat(etcd("{hosts: a, use_proxies: true}").discoversMembers()).isFalse();
        assertThat(etcd("{hosts: a}").discoversMembers()).isTrue();
        assertThat(etcd("{srv: example.org, srv_suffix: s, username: u, password: 7}")).isEqualTo(
                new StoreConfig.Etcd3(List.of(), Optional.of("example.org"), Optional.of("s"), Optional.of("u"),
                        Optional.of(new Secret("7")), Optional.empty(), Optional.empty(), Optional.empty()));
    }

    private static StoreConfig.Etcd3 etcd(String section) throws ConfigException {
        return (StoreConfig.Etcd3) ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + "etcd3: " + section).config()
                .store();
    }

    @Test
    void zooKeeperAndEmbedded() throws ConfigException {
        assertThat(ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + """
                zookeeper: {hosts: ['a:1', b], use_ssl: on, cacert: /c, cert: /d, key: /k, key_password: p, verify: off,
                  auth_data: {digest: 'u:p'}, set_acls: {CN=x: [create, read]}}
                """).config().store()).isEqualTo(new StoreConfig.ZooKeeper(List.of("a:1", "b:2181"), true,
                Optional.of("/c"), Optional.of("/d"), Optional.of("/k"), Optional.of(new Secret("p")), false,
                Map.of("digest", new Secret("u:p")), Map.of("CN=x", List.of("CREATE", "READ"))));
        ConfigLoader.Loaded embedded = ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + """
                embedded: {data_dir: /s, members: {pg1: '10.0.0.1:2181:2888:3888', pg2: '[::2]:2181:2888:3888'}}
                """);
        assertThat(embedded.config().store()).isEqualTo(new StoreConfig.Embedded("/s", new HostPort("10.0.0.1", 2181),
                Map.of("pg1", new StoreConfig.EmbeddedMember("10.0.0.1", 2181, 2888, 3888), "pg2",
                        new StoreConfig.EmbeddedMember("::2", 2181, 2888, 3888))));
        assertThat(embedded.warnings()).containsExactly(
                "embedded.members: two members survive the loss of none; use one or three (PATRONI_CONFIGURATION:11)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "nofailover: true, failover_priority: '1' | Conflicting configuration between nofailover: True and failover_priority: 1. Defaulting to nofailover: True",
            "nofailover: false, failover_priority: 0 | Conflicting configuration between nofailover: False and failover_priority: 0. Defaulting to nofailover: False",
            "nosync: true, sync_priority: 2 | Conflicting configuration between nosync: True and sync_priority: 2. Defaulting to nosync: True",
            "nosync: false, sync_priority: 0 | Conflicting configuration between nosync: False and sync_priority: 0. Defaulting to nosync: False",
            "nofailover: true, failover_priority: 0 | ", "nofailover: false, failover_priority: 5 | ",
            "sync_priority: 0 |"})
    void contradictingTagsAreWarnedOf(String tags, String warning) throws ConfigException {
        assertThat(ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + "tags: {" + tags + "}").warnings())
                .isEqualTo(warning == null ? List.of() : List.of(warning));
    }

    @Test
    void loopbackAddressesAreFineWithALocalStoreOnly() throws ConfigException {
        String local = ConfigLoaderTest.MINIMAL.replace("10.0.0.1", "127.0.0.1");
        assertThat(ConfigLoaderTest.load(local).warnings()).isEmpty();
        assertThat(ConfigLoaderTest.load(local + "etcd3: {host: 10.0.0.9}").warnings()).containsExactly(
                "restapi.connect_address: 127.0.0.1 cannot be reached from other machines (PATRONI_CONFIGURATION:3)",
                "postgresql.connect_address: 127.0.0.1 cannot be reached from other machines (PATRONI_CONFIGURATION:6)");
    }
}
