-- Leases (G3) and strikes (G4). What the old table held is of no use to a new worker: every earlier life is dead to it.
drop table nodes;

create table nodes (
    incarnation blob primary key,
    name text not null,
    leased_until integer not null,
    over_at integer                  -- null while it lives; then when it was declared dead, or stopped cleanly: it never comes back
) without rowid;

-- Only jobs whose process died have a row here; any committed outcome removes it.
create table strikes (
    job_id blob primary key,
    count integer not null,
    alone integer not null,
    held_until integer not null
) without rowid;
