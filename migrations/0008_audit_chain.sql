-- The audit log can be proved: rows are linked into one hash chain per org, in batches (docs/audit.md). What is hashed,
-- and how, is a rule of the program, not of the database.

-- Where in its org's chain a row stands, dense from 1; null until it is sealed. Assigned to what is unsealed, not by
-- time: a row that commits late is in a later seal.
alter table audit_events add column chain_position bigint;
create index audit_events_unsealed on audit_events (org, created_at, id) where chain_position is null;
create unique index audit_events_sealed on audit_events (org, chain_position) where chain_position is not null;

create table audit_seals (
    org        text not null,
    number     bigint not null check (number > 0),
    -- The rows that it covers.
    first      bigint not null check (first > 0),
    last       bigint not null,
    -- The hash of each row, one behind the other.
    links      bytea not null check (octet_length(links) = 32 * (last - first + 1) and last >= first),
    previous   bytea not null check (octet_length(previous) = 32),
    hash       bytea not null check (octet_length(hash) = 32),
    sealed_at  timestamptz not null,
    -- When retention removed its rows; the seal stays and links its neighbours.
    removed_at timestamptz,
    -- Two sealers that were to fork a chain would both need the next number.
    primary key (org, number)
);
-- Hashes don't compress.
alter table audit_seals alter column links set storage external;

-- Least power: a mistake or an injected statement can't change what was written. Whoever may alter the tables can get
-- around it, and then the chain tells.
create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are only added, sealed and, past their retention, removed', tg_table_name using errcode = 'CW006';
end
$$;

create trigger audit_events_change before update on audit_events for each row
    when (old.chain_position is not null or new.chain_position is null
          or (old.id, old.org, old.event_type, old.actor_type, old.actor_id, old.account_id, old.target_type, old.target_id,
              old.metadata, old.created_at)
             is distinct from
             (new.id, new.org, new.event_type, new.actor_type, new.actor_id, new.account_id, new.target_type, new.target_id,
              new.metadata, new.created_at))
    execute function audit_refuse();
-- A place that is taken beforehand would stop the sealer.
create trigger audit_events_insertion before insert on audit_events for each row
    when (new.chain_position is not null)
    execute function audit_refuse();
create trigger audit_events_removal before delete on audit_events for each row
    when (current_setting('cowork.audit_retention', true) is distinct from 'on')
    execute function audit_refuse();
create trigger audit_events_truncation before truncate on audit_events for each statement execute function audit_refuse();

create trigger audit_seals_change before update on audit_seals for each row
    when (current_setting('cowork.audit_retention', true) is distinct from 'on'
          or old.removed_at is not null or new.removed_at is null
          or (old.org, old.number, old.first, old.last, old.links, old.previous, old.hash, old.sealed_at)
             is distinct from (new.org, new.number, new.first, new.last, new.links, new.previous, new.hash, new.sealed_at))
    execute function audit_refuse();
create trigger audit_seals_removal before delete on audit_seals for each row execute function audit_refuse();
create trigger audit_seals_truncation before truncate on audit_seals for each statement execute function audit_refuse();
