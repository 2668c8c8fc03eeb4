package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentOverlayTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "NAME | n | {name=n}", "SCOPE | s | {scope=s}", "NAMESPACE | /x | {namespace=/x}",
            "THREAD_POOL_SIZE | 5 | {thread_pool_size=5}", "THREAD_STACK_SIZE | 64kB | {thread_stack_size=64kB}",
            "RESTAPI_LISTEN | h:1 | {restapi={listen=h:1}}",
            "RESTAPI_CONNECT_ADDRESS | h:1 | {restapi={connect_address=h:1}}",
            "RESTAPI_USERNAME | u | {restapi={authentication={username=u}}}",
            "RESTAPI_PASSWORD | yes | {restapi={authentication={password=yes}}}",
            "RESTAPI_CERTFILE | /c | {restapi={certfile=/c}}", "RESTAPI_KEYFILE | /k | {restapi={keyfile=/k}}",
            "RESTAPI_KEYFILE_PASSWORD | p | {restapi={keyfile_password=p}}",
            "RESTAPI_CAFILE | /c | {restapi={cafile=/c}}",
            "RESTAPI_CIPHERS | A:!B | {restapi={ciphers=A:!B}}",
            "RESTAPI_VERIFY_CLIENT | required | {restapi={verify_client=required}}",
            "RESTAPI_ALLOWLIST | 10.0.0.0/8,host | {restapi={allowlist=[10.0.0.0/8, host]}}",
            "RESTAPI_ALLOWLIST_INCLUDE_MEMBERS | on | {restapi={allowlist_include_members=on}}",
            "RESTAPI_HTTP_EXTRA_HEADERS | X: y | {restapi={http_extra_headers={X=y}}}",
            "RESTAPI_HTTPS_EXTRA_HEADERS | {X: y} | {restapi={https_extra_headers={X=y}}}",
            "RESTAPI_REQUEST_QUEUE_SIZE | 7 | {restapi={request_queue_size=7}}",
            "RESTAPI_SERVER_TOKENS | Minimal | {restapi={server_tokens=Minimal}}",
            "RESTAPI_THREAD_POOL_SIZE | 5 | {restapi={thread_pool_size=5}}",
            "CTL_INSECURE | on | {ctl={insecure=on}}", "CTL_CACERT | /c | {ctl={cacert=/c}}",
            "CTL_CERTFILE | /c | {ctl={certfile=/c}}", "CTL_KEYFILE | /k | {ctl={keyfile=/k}}",
            "CTL_KEYFILE_PASSWORD | p | {ctl={keyfile_password=p}}",
            "CTL_USERNAME | u | {ctl={authentication={username=u}}}",
            "CTL_PASSWORD | p | {ctl={authentication={password=p}}}",
            "POSTGRESQL_LISTEN | a,b:1 | {postgresql={listen=a,b:1}}",
            "POSTGRESQL_CONNECT_ADDRESS | a:1 | {postgresql={connect_address=a:1}}",
            "POSTGRESQL_PROXY_ADDRESS | a:1 | {postgresql={proxy_address=a:1}}",
            "POSTGRESQL_DATA_DIR | /d | {postgresql={data_dir=/d}}",
            "POSTGRESQL_CONFIG_DIR | /d | {postgresql={config_dir=/d}}",
            "POSTGRESQL_BIN_DIR | /d | {postgresql={bin_dir=/d}}", "POSTGRESQL_PGPASS | /p | {postgresql={pgpass=/p}}",
            "POSTGRESQL_BIN_PG_CTL | x | {postgresql={bin_name={pg_ctl=x}}}",
            "POSTGRESQL_BIN_PG_ISREADY | x | {postgresql={bin_name={pg_isready=x}}}",
            "SUPERUSER_USERNAME | u | {postgresql={authentication={superuser={username=u}}}}",
            "REPLICATION_PASSWORD | 012 | {postgresql={authentication={replication={password=012}}}}",
            "REWIND_SSLMODE | no | {postgresql={authentication={rewind={sslmode=no}}}}",
            "REPLICATION_SSLNEGOTIATION | direct | {postgresql={authentication={replication={sslnegotiation=direct}}}}",
            "SUPERUSER_CHANNEL_BINDING | require | {postgresql={authentication={superuser={channel_binding=require}}}}",
            "LOG_TYPE | json | {log={type=json}}", "LOG_LEVEL | DEBUG | {log={level=DEBUG}}",
            "LOGLEVEL | DEBUG | {log={level=DEBUG}}", "LOG_TRACEBACK_LEVEL | DEBUG | {log={traceback_level=DEBUG}}",
            "LOG_FORMAT | %(message)s | {log={format=%(message)s}}",
            "LOG_FORMAT | message, levelname: level | {log={format=[message, {levelname=level}]}}",
            "LOG_DATEFORMAT | %H | {log={dateformat=%H}}", "LOG_DATEFMT | %H | {log={dateformat=%H}}",
            "LOG_STATIC_FIELDS | {app: patroni} | {log={static_fields={app=patroni}}}",
            "LOG_LOGGERS | {a.b: WARNING, c: DEBUG} | {log={loggers={a.b=WARNING, c=DEBUG}}}",
            "LOG_DIR | /d | {log={dir=/d}}", "LOG_MODE | 0644 | {log={mode=0644}}",
            "LOG_FILE_NUM | 3 | {log={file_num=3}}",
            "LOG_FILE_SIZE | 9 | {log={file_size=9}}", "LOG_MAX_QUEUE_SIZE | 9 | {log={max_queue_size=9}}",
            "LOG_DEDUPLICATE_HEARTBEAT_LOGS | on | {log={deduplicate_heartbeat_logs=on}}"})
    void everyVariableHasItsPlace(String name, String value, String tree) throws ConfigException {
        assertPlace(name, value, tree);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "ETCD3_HOST | localhost:2379 | {etcd3={host=localhost:2379}}",
            "ETCD3_HOSTS | 'a:1','b:2' | {etcd3={hosts=[a:1, b:2]}}",
            "ETCD3_URL | https://a:1 | {etcd3={url=https://a:1}}",
            "ETCD3_PROXY | http://a:1 | {etcd3={proxy=http://a:1}}", "ETCD3_PORT | 1 | {etcd3={port=1}}",
            "ETCD3_USE_PROXIES | on | {etcd3={use_proxies=on}}", "ETCD3_PROTOCOL | https | {etcd3={protocol=https}}",
            "ETCD3_SRV | d | {etcd3={srv=d}}", "ETCD3_SRV_SUFFIX | s | {etcd3={srv_suffix=s}}",
            "ETCD3_USERNAME | u | {etcd3={username=u}}", "ETCD3_PASSWORD | p | {etcd3={password=p}}",
            "ETCD3_CACERT | /c | {etcd3={cacert=/c}}", "ETCD3_CERT | /c | {etcd3={cert=/c}}",
            "ETCD3_KEY | /k | {etcd3={key=/k}}",
            "ZOOKEEPER_HOSTS | 'localhost:2181' | {zookeeper={hosts=[localhost:2181]}}",
            "ZOOKEEPER_USE_SSL | true | {zookeeper={use_ssl=true}}", "ZOOKEEPER_CACERT | /c | {zookeeper={cacert=/c}}",
            "ZOOKEEPER_CERT | /c | {zookeeper={cert=/c}}", "ZOOKEEPER_KEY | /k | {zookeeper={key=/k}}",
            "ZOOKEEPER_KEY_PASSWORD | p | {zookeeper={key_password=p}}",
            "ZOOKEEPER_VERIFY | off | {zookeeper={verify=off}}",
            "ZOOKEEPER_SET_ACLS | CN=p: [CREATE, READ] | {zookeeper={set_acls={CN=p=[CREATE, READ]}}}",
            "ZOOKEEPER_AUTH_DATA | {digest: 'a:b'} | {zookeeper={auth_data={digest=a:b}}}",
            "EMBEDDED_DATA_DIR | /d | {embedded={data_dir=/d}}", "EMBEDDED_LISTEN | a:1 | {embedded={listen=a:1}}",
            "EMBEDDED_MEMBERS | {a: 'h:1:2:3'} | {embedded={members={a=h:1:2:3}}}",
            "CONSUL_HOST | h | {consul={host=h}}"})
    void everyVariableOfStoresHasItsPlace(String name, String value, String tree) throws ConfigException {
        assertPlace(name, value, tree);
    }

    private static void assertPlace(String name, String value, String tree) throws ConfigException {
        EnvironmentOverlay.Overlay overlay = EnvironmentOverlay.read(Map.of("PATRONI_" + name, value));
        assertThat(overlay.tree().toString()).isEqualTo(tree);
        assertThat(overlay.warnings()).isEmpty();
        assertThat(overlay.origins().values()).containsOnly("PATRONI_" + name);
    }

    @Test
    void quotedHostsAsTheAcceptanceSuiteSetsThem(@TempDir Path folder) throws ConfigException, IOException {
        Path file = Files.writeString(folder.resolve("p.yml"), ConfigLoaderTest.MINIMAL);
        NodeConfig config = ConfigLoader.load(Optional.of(file), Map.of("PATRONI_ZOOKEEPER_HOSTS", "'localhost:2181'"))
                .config();
        assertThat(((StoreConfig.ZooKeeper) config.store()).hosts()).containsExactly("localhost:2181");
    }

    @Test
    void theEnvironmentAloneIsEnough() throws ConfigException {
        NodeConfig config = ConfigLoader.load(Optional.empty(), Map.ofEntries(Map.entry("PATRONI_SCOPE", "batman"),
                Map.entry("PATRONI_NAME", "pg1"), Map.entry("PATRONI_RESTAPI_LISTEN", "10.0.0.1:8008"),
                Map.entry("PATRONI_RESTAPI_CONNECT_ADDRESS", "10.0.0.1:8008"),
                Map.entry("PATRONI_POSTGRESQL_LISTEN", "10.0.0.1:5432"),
                Map.entry("PATRONI_POSTGRESQL_CONNECT_ADDRESS", "10.0.0.1:5432"),
                Map.entry("PATRONI_POSTGRESQL_DATA_DIR", "/data"), Map.entry("PATRONI_SUPERUSER_USERNAME", "postgres"),
                Map.entry("PATRONI_REPLICATION_USERNAME", "rep"), Map.entry("PATH", "/bin"))).config();
        assertThat(config.postgres().replication().username()).isEqualTo("rep");
    }

    @Test
    void unknownAndEmptyVariables() throws ConfigException {
        EnvironmentOverlay.Overlay overlay = EnvironmentOverlay.read(Map.of("PATRONI_SCOEP", "x", "PATRONI_NAME", "",
                "OTHER", "x", "PATRONI_SERVICE_HOST", "10.0.0.1"));
        assertThat(overlay.tree()).isEmpty();
        assertThat(overlay.warnings()).containsExactly(
                "PATRONI_SCOEP: is no known environment variable, did you mean PATRONI_SCOPE?",
                "PATRONI_SERVICE_HOST: is no known environment variable");
    }

    @Test
    void everyUnreadableVariableIsNamedWithoutItsValue() {
        assertThatThrownBy(() -> EnvironmentOverlay.read(Map.of("PATRONI_ETCD3_HOSTS", "[geheim", "PATRONI_LOG_LOGGERS",
                "{geheim"))).isInstanceOfSatisfying(ConfigException.class, bad -> {
                    assertThat(bad.problems()).hasSize(2).allMatch(line -> !line.contains("geheim"));
                    assertThat(bad.problems().getFirst())
                            .startsWith("PATRONI_ETCD3_HOSTS: while parsing a flow sequence");
                });
    }
}
