const port = (name) => Number(process.env[`GOLDEN_${name}`]);

export const host = "127.0.0.1";

/** Ports of the peers on 127.0.0.1. */
export const PORTS = {
  ...{
    api: port("API"),
    mqtt: port("MQTT"),
    aws: port("AWS"),
    closed: port("CLOSED"),
    foreign: port("FOREIGN"),
    grpc: port("GRPC"),
  },
  ...{ hangsUp: port("HANGSUP"), http: port("HTTP"), https: port("HTTPS"), mysql: port("MYSQL") },
  ...{ postgres: port("POSTGRES"), resets: port("RESETS"), silent: port("SILENT") },
  ...{ fullRedis: port("FULLREDIS"), lockedRedis: port("LOCKEDREDIS"), stalled: port("STALLED") },
  ...{ amqp: port("AMQP"), dns: port("DNS"), nats: port("NATS") },
  ...{ imap: port("IMAP"), ldap: port("LDAP"), mongodb: port("MONGODB") },
  ...{ openRedis: port("OPENREDIS"), replicaRedis: port("REPLICAREDIS") },
};

export const url = (name, path = "/") => `http://${host}:${PORTS[name]}${path}`;
