create table jobs (
    id blob primary key,
    flow_id text not null,
    flow_version text not null,
    status integer not null,
    epoch integer not null,
    version integer not null,
    owner blob,
    claimable integer not null,      -- 0: no; 1: now, by rank; 2: at due_at
    rank integer not null,           -- due time less ten seconds per point of priority, both as they were when the job was queued
    priority integer not null,
    due_at integer not null,
    created_at integer not null,
    started_at integer not null,
    completed_at integer not null,
    attempt integer not null,
    sequence integer not null,
    percentage real not null,
    completed integer not null,
    total integer not null,
    paused integer not null,
    step_mode integer not null,
    reason text,
    tenant text,
    key text,
    request_hash text,
    options text,
    parent text,
    input text,
    output text,
    data text,
    retention integer
) without rowid;

-- Only work that can be claimed is in these: finished jobs cost a claim nothing.
create index jobs_now on jobs (rank) where claimable = 1;
create index jobs_later on jobs (due_at) where claimable = 2;
create index jobs_owned on jobs (owner) where owner is not null;
create unique index jobs_key on jobs (coalesce(tenant, ''), flow_id, key) where key is not null;
create index jobs_active on jobs (status) where status < 4;
create index jobs_ended on jobs (completed_at) where status >= 4;
create index jobs_retained on jobs (completed_at + retention) where status >= 4 and retention is not null;

-- The position in the flow, not the path, is the key: a long job appends its rows in order.
create table steps (
    job_id blob not null,
    position integer not null,
    path text not null,
    status integer not null,
    no_items integer not null,
    attempt integer not null,
    started_at integer not null,
    completed_at integer not null,
    output text,
    detail text,
    primary key (job_id, position)
) without rowid;

create table events (
    job_id blob not null,
    first_sequence integer not null,
    count integer not null,
    bytes blob not null,
    primary key (job_id, first_sequence)
) without rowid;

create table inbox (
    job_id blob not null,
    id blob not null,
    position integer not null,
    body text,                       -- null once taken: the id stays, so that a repeated send is known
    primary key (job_id, id)
) without rowid;

create index inbox_untaken on inbox (job_id, position) where body is not null;

create table definitions (
    kind text not null,
    name text not null,
    body text not null,
    primary key (kind, name)
) without rowid;

create table nodes (
    incarnation blob primary key,
    name text not null,
    seen_at integer not null
) without rowid;
