-- Vectors go with their passage, also those that were written while it was being deleted: a new index is filled beside
-- the documents that change, and whoever deletes has looked for vectors before it deletes passages.

CREATE FUNCTION parley_forget_vectors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM knowledge_chunkvector WHERE chunk_id IN (SELECT id FROM removed);
  RETURN NULL;
END
$$;

CREATE TRIGGER parley_vectors_go AFTER DELETE ON knowledge_chunk
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION parley_forget_vectors();
