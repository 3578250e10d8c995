-- The first schema. Columns are TEXT, BIGINT or BLOB only; times are milliseconds since 1970; flags
-- are 0 or 1; columns that end in _key hold lower case, for search and for names that must differ by
-- more than case. What may hold secrets is a BLOB that the program has sealed.

CREATE TABLE organisations (
    name TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    created BIGINT NOT NULL,
    changes BIGINT NOT NULL
);

CREATE TABLE users (
    organisation TEXT NOT NULL REFERENCES organisations (name),
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    roles TEXT NOT NULL,
    failed BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name_key)
);

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (name),
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    grants TEXT NOT NULL,
    callback TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_name ON clients (organisation, owner, name);

CREATE TABLE tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    client TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    organisation TEXT NOT NULL,
    username TEXT NOT NULL,
    scopes TEXT NOT NULL,
    family TEXT NOT NULL,
    detail TEXT NOT NULL,
    issued BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);
CREATE INDEX tokens_family ON tokens (family);
CREATE INDEX tokens_client ON tokens (client);
CREATE INDEX tokens_username ON tokens (organisation, username);

-- `text_key` is everything that free text is looked for in, as lines: one column is read much faster
-- than several and a table. What is long comes last, where a search for something else does not pass.
CREATE TABLE apis (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (name),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    version TEXT NOT NULL,
    context TEXT NOT NULL,
    context_key TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    etag BIGINT NOT NULL,
    last_revision BIGINT NOT NULL,
    summary TEXT NOT NULL,
    description_key TEXT NOT NULL,
    text_key TEXT NOT NULL
);
CREATE UNIQUE INDEX apis_version ON apis (organisation, name_key, version);
CREATE UNIQUE INDEX apis_context ON apis (organisation, context_key, version);
CREATE INDEX apis_created ON apis (organisation, created, id);
CREATE INDEX apis_status ON apis (organisation, status, id);

-- Apart from the rows above, so that lists do not read past whole projects.
CREATE TABLE api_contents (
    api TEXT NOT NULL PRIMARY KEY REFERENCES apis (id) ON DELETE CASCADE,
    content BLOB NOT NULL
);

CREATE TABLE api_tags (
    api TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    tag_key TEXT NOT NULL,
    PRIMARY KEY (api, tag_key)
);

CREATE TABLE api_properties (
    api TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    name_key TEXT NOT NULL,
    value_key TEXT NOT NULL,
    PRIMARY KEY (api, name_key)
);

CREATE TABLE revisions (
    id TEXT NOT NULL PRIMARY KEY,
    api TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    description TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE UNIQUE INDEX revisions_number ON revisions (api, number);

CREATE TABLE deployments (
    api TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    environment TEXT NOT NULL,
    revision TEXT NOT NULL REFERENCES revisions (id),
    vhost TEXT NOT NULL,
    on_devportal BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    deployed BIGINT NOT NULL,
    settled BIGINT,
    PRIMARY KEY (api, environment)
);
CREATE INDEX deployments_environment ON deployments (environment);
CREATE INDEX deployments_revision ON deployments (revision);

CREATE TABLE transitions (
    api TEXT NOT NULL REFERENCES apis (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    previous TEXT,
    status TEXT NOT NULL,
    username TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (api, number)
);

CREATE TABLE services (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (name),
    service_key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    version TEXT NOT NULL,
    description TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    security TEXT NOT NULL,
    mutual_tls BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    definition BLOB NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    etag BIGINT NOT NULL
);
CREATE UNIQUE INDEX services_key ON services (organisation, service_key);
CREATE UNIQUE INDEX services_version ON services (organisation, name_key, version);

CREATE TABLE service_uses (
    api TEXT NOT NULL PRIMARY KEY REFERENCES apis (id) ON DELETE CASCADE,
    service TEXT NOT NULL REFERENCES services (id),
    md5 TEXT NOT NULL
);
CREATE INDEX service_uses_service ON service_uses (service);

-- `api` is empty for certificates of endpoints, which belong to the organisation.
CREATE TABLE certificates (
    organisation TEXT NOT NULL REFERENCES organisations (name),
    api TEXT NOT NULL,
    stage TEXT NOT NULL,
    alias TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    tier TEXT NOT NULL,
    content BLOB NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, api, alias)
);

-- `api` is empty for common policies.
CREATE TABLE policies (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (name),
    api TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    display_name TEXT NOT NULL,
    md5 TEXT NOT NULL,
    content BLOB NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_version ON policies (organisation, api, name, version);

CREATE TABLE environments (
    organisation TEXT NOT NULL REFERENCES organisations (name),
    name TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name)
);

CREATE TABLE settings (
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (organisation, name)
);

CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    organisation TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_object ON audit (kind, object, number);
CREATE INDEX audit_at ON audit (organisation, at);
