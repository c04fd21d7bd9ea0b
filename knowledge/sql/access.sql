-- The role that reads passages. It sees the rows of the collections named in the setting parley.collections, and none
-- at all where that is not set. The owner of the tables, who writes them, is not restricted, so FORCE is not used.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley_reader') THEN
    CREATE ROLE parley_reader NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;  -- roles belong to the server: another database was quicker
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'The database user % may not create roles. Grant it CREATEROLE, or create the role with: '
      'CREATE ROLE parley_reader NOLOGIN; GRANT parley_reader TO %;', current_user, quote_ident(current_user)
      USING ERRCODE = 'insufficient_privilege';
END
$$;

DO $$
BEGIN
  -- A superuser may take any role; others must be members. Membership already given by an admin is enough.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    GRANT parley_reader TO CURRENT_USER;
  END IF;
EXCEPTION
  WHEN unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    IF NOT pg_has_role(current_user, 'parley_reader', 'USAGE') THEN
      RAISE EXCEPTION 'The database user % may not use the role parley_reader. Let an administrator run: '
        'GRANT parley_reader TO %;', current_user, quote_ident(current_user)
        USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

CREATE FUNCTION parley_visible(collection bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT collection = ANY (string_to_array(nullif(current_setting('parley.collections', true), ''), ',')::bigint[])
$$;

ALTER TABLE knowledge_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_chunkvector ENABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_document ENABLE ROW LEVEL SECURITY;
CREATE POLICY parley_reads ON knowledge_chunk FOR SELECT TO parley_reader USING (parley_visible(collection_id));
CREATE POLICY parley_reads ON knowledge_chunkvector FOR SELECT TO parley_reader USING (parley_visible(collection_id));
CREATE POLICY parley_reads ON knowledge_document FOR SELECT TO parley_reader USING (parley_visible(collection_id));

DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO parley_reader', current_schema()); END $$;
GRANT SELECT ON knowledge_chunk, knowledge_chunkvector, knowledge_document TO parley_reader;
