-- Provider keys that organisations bring (contract 03 §1, architecture §9).

-- Each organisation's secrets are sealed to a key of its own, and the private half of that to the deployment's. So an
-- organisation that leaves can be made unreadable by forgetting one row.
create table org_data_keys (
    org            text not null references orgs,
    generation     integer not null check (generation > 0),
    public_key     bytea not null,
    -- Gone once the key was shredded.
    sealed_private bytea,
    -- The deployment's key that seals the private half.
    key_id         text not null,
    created_at     timestamptz not null default now(),
    shredded_at    timestamptz,
    primary key (org, generation),
    check ((sealed_private is null) = (shredded_at is not null))
);
create index org_data_keys_by_key on org_data_keys (key_id) where shredded_at is null;

create table byok_secrets (
    secret            uuid primary key,
    org               text not null references orgs,
    provider          text not null,
    -- Counts what was saved for the provider, from 1. It is sealed in with the key, so no ciphertext takes another's place.
    version           integer not null check (version > 0),
    status            text not null check (status in ('pending_validation', 'active', 'disabled', 'expired', 'invalid', 'unsupported')),
    credential_kind   text not null check (credential_kind in ('plaintext', 'kms_ref')),
    -- The sealed key with the ids of what opens it; or where a key manager holds it. What is disabled keeps neither: it is
    -- never used again.
    sealed            bytea,
    org_key           integer,
    key_id            text,
    kms_ref           text,
    last4             text not null,
    fingerprint       text not null,
    -- Who said that the key may be used: the provider, or a person who overrode it.
    validation_source text check (validation_source in ('validator', 'override')),
    last_validated_at timestamptz,
    validation_code   text,
    validation_error  text,
    -- The record whose place this one took.
    rotated_from      uuid,
    created_by        text,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    activated_at      timestamptz,
    disabled_at       timestamptz,

    -- The check that is due, if one is: the owner of the shard runs it.
    shard             integer not null,
    check_due_at      timestamptz,
    check_cause       text check (check_cause in ('asked', 'scheduled', 'refused')),
    -- Checks in a row that came to nothing, and refusals in a row of a key that is in use.
    check_attempts    integer not null default 0,
    refusals          integer not null default 0,
    last_check_at     timestamptz,

    unique (org, provider, version),
    foreign key (org, org_key) references org_data_keys (org, generation),
    check ((sealed is null) = (org_key is null) and (sealed is null) = (key_id is null)),
    check (case when status = 'disabled' then sealed is null and kms_ref is null
                when credential_kind = 'plaintext' then sealed is not null and kms_ref is null
                else sealed is null and kms_ref is not null end),
    check ((check_due_at is null) = (check_cause is null)),
    check (status <> 'disabled' or check_due_at is null)
);
-- However many requests meet: one key per provider is in use.
create unique index byok_secrets_one_active on byok_secrets (org, provider) where status = 'active';
create index byok_secrets_due on byok_secrets (shard, check_due_at) where check_due_at is not null;
create index byok_secrets_by_key on byok_secrets (key_id, secret) where key_id is not null;

-- Every node reads these from the last number that it saw, and drops the keys that it holds of these organisations.
create table byok_changes (
    number     bigint primary key,
    org        text not null,
    changed_at timestamptz not null default now()
);
-- One row, locked until the changing transaction ends, for the reason that `revocation_clock` has.
create table byok_clock (
    last bigint not null
);
insert into byok_clock values (0);
