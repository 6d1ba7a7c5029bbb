create table checkpoints (
    job_id blob not null,
    id text not null,
    created_at integer not null,
    description text,
    status integer not null,
    percentage real not null,
    body text not null,
    primary key (job_id, created_at, id)
) without rowid;
