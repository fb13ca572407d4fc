-- Where the processor's time goes when prompts are large. A letter between nodes lives for milliseconds: compressing it costs more than
-- it saves, a fifth of two busy cores with prompts of 200 kB. What is kept is compressed, several times faster where the server has lz4.
alter table node_mail
    alter column request set storage external,
    alter column answer set storage external;

do $$
begin
    if exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
        alter table session_events alter column payload set compression lz4;
        alter table commands alter column payload set compression lz4;
    end if;
end
$$;
