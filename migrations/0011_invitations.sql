-- An invitation that was sent before a membership was disabled never opens it again (contract 02 §5). Invitations are signed
-- and stored nowhere, so the membership tells which of them are over.
alter table memberships add column disabled_at timestamptz;
update memberships set disabled_at = updated_at where status = 'disabled';

-- For the holders of a custom role, when it changes.
create index memberships_by_custom_role on memberships (org, custom_role) where custom_role is not null;
