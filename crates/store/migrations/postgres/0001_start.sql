-- The same as sqlite/0001_start.sql, where the columns are explained. Texts are compared by bytes, so
-- that both engines sort alike, whatever the locale of the database.

CREATE TABLE organisations (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    display_name TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    changes BIGINT NOT NULL
);

CREATE TABLE users (
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    password TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    failed BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name_key)
);

CREATE TABLE clients (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    owner TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    grants TEXT COLLATE "C" NOT NULL,
    callback TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_name ON clients (organisation, owner, name);

CREATE TABLE tokens (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    organisation TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    family TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    issued BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);
CREATE INDEX tokens_family ON tokens (family);
CREATE INDEX tokens_client ON tokens (client);
CREATE INDEX tokens_username ON tokens (organisation, username);

CREATE TABLE apis (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    context TEXT COLLATE "C" NOT NULL,
    context_key TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    provider_key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    updated BIGINT NOT NULL,
    updated_by TEXT COLLATE "C" NOT NULL,
    etag BIGINT NOT NULL,
    last_revision BIGINT NOT NULL,
    summary TEXT COLLATE "C" NOT NULL,
    description_key TEXT COLLATE "C" NOT NULL,
    text_key TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX apis_version ON apis (organisation, name_key, version);
CREATE UNIQUE INDEX apis_context ON apis (organisation, context_key, version);
CREATE INDEX apis_created ON apis (organisation, created, id);
CREATE INDEX apis_status ON apis (organisation, status, id);

-- Apart from the rows above, so that lists do not read past whole projects.
CREATE TABLE api_contents (
    api TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES apis (id) ON DELETE CASCADE,
    content BYTEA NOT NULL
);

CREATE TABLE api_tags (
    api TEXT COLLATE "C" NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    tag_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (api, tag_key)
);

CREATE TABLE api_properties (
    api TEXT COLLATE "C" NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    name_key TEXT COLLATE "C" NOT NULL,
    value_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (api, name_key)
);

CREATE TABLE revisions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    api TEXT COLLATE "C" NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL
);
CREATE UNIQUE INDEX revisions_number ON revisions (api, number);

CREATE TABLE deployments (
    api TEXT COLLATE "C" NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    environment TEXT COLLATE "C" NOT NULL,
    revision TEXT COLLATE "C" NOT NULL REFERENCES revisions (id),
    vhost TEXT COLLATE "C" NOT NULL,
    on_devportal BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    deployed BIGINT NOT NULL,
    settled BIGINT,
    PRIMARY KEY (api, environment)
);
CREATE INDEX deployments_environment ON deployments (environment);
CREATE INDEX deployments_revision ON deployments (revision);

CREATE TABLE transitions (
    api TEXT COLLATE "C" NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    previous TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (api, number)
);

CREATE TABLE services (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    service_key TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    security TEXT COLLATE "C" NOT NULL,
    mutual_tls BIGINT NOT NULL,
    md5 TEXT COLLATE "C" NOT NULL,
    definition BYTEA NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    updated BIGINT NOT NULL,
    updated_by TEXT COLLATE "C" NOT NULL,
    etag BIGINT NOT NULL
);
CREATE UNIQUE INDEX services_key ON services (organisation, service_key);
CREATE UNIQUE INDEX services_version ON services (organisation, name_key, version);

CREATE TABLE service_uses (
    api TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES apis (id) ON DELETE CASCADE,
    service TEXT COLLATE "C" NOT NULL REFERENCES services (id),
    md5 TEXT COLLATE "C" NOT NULL
);
CREATE INDEX service_uses_service ON service_uses (service);

-- `api` is empty for certificates of endpoints, which belong to the organisation.
CREATE TABLE certificates (
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    api TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    alias TEXT COLLATE "C" NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, api, alias)
);

-- `api` is empty for common policies.
CREATE TABLE policies (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    api TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    md5 TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_version ON policies (organisation, api, name, version);

CREATE TABLE environments (
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisations (name),
    name TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name)
);

CREATE TABLE settings (
    organisation TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name)
);

CREATE TABLE audit (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    organisation TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_object ON audit (kind, object, number);
CREATE INDEX audit_at ON audit (organisation, at);
