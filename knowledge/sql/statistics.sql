-- How many chunks and terms each collection holds, kept right by the database itself. Per collection, so that a search
-- can add up the collections it may see and learns nothing of the others.

CREATE FUNCTION parley_count_chunks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  -- One writer of statistics at a time: a transaction may add and remove in any order, and two of them can then not wait
  -- for each other's rows.
  PERFORM pg_advisory_xact_lock(hashtextextended('parley statistics', 0));

  INSERT INTO knowledge_collectionstatistics AS kept (collection_id, chunk_count, total_length, average_length)
  SELECT collection_id, sign * count(*), sign * sum(parley_length(terms)), 100
    FROM changed GROUP BY collection_id ORDER BY collection_id
      ON CONFLICT (collection_id) DO UPDATE
     SET chunk_count = kept.chunk_count + excluded.chunk_count,
         total_length = kept.total_length + excluded.total_length;

  INSERT INTO knowledge_languagestatistics AS kept (collection_id, language, chunk_count)
  SELECT collection_id, language, sign * count(*) FROM changed GROUP BY collection_id, language
      ON CONFLICT (collection_id, language) DO UPDATE
     SET chunk_count = kept.chunk_count + excluded.chunk_count;

  INSERT INTO knowledge_termstatistics AS kept (collection_id, term, lexeme, chunk_count)
  SELECT collection_id, term, min(lexeme), sign * count(*)
    FROM (SELECT id, collection_id, min(lexeme) AS lexeme, parley_term_hash(lexeme) AS term
            FROM changed, unnest(terms) GROUP BY id, collection_id, parley_term_hash(lexeme)) AS held
   GROUP BY collection_id, term ORDER BY collection_id, term
      ON CONFLICT (collection_id, term) DO UPDATE
     SET chunk_count = kept.chunk_count + excluded.chunk_count;

  IF sign < 0 THEN
    DELETE FROM knowledge_termstatistics AS kept
     USING (SELECT DISTINCT collection_id, parley_term_hash(lexeme) AS term FROM changed, unnest(terms)) AS held
     WHERE kept.collection_id = held.collection_id AND kept.term = held.term AND kept.chunk_count <= 0;
    DELETE FROM knowledge_languagestatistics WHERE chunk_count <= 0;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER parley_chunks_added AFTER INSERT ON knowledge_chunk
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION parley_count_chunks();
CREATE TRIGGER parley_chunks_removed AFTER DELETE ON knowledge_chunk
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION parley_count_chunks();

CREATE FUNCTION parley_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A chunk keeps its collection and its terms; delete it and insert another.';
END
$$;

CREATE TRIGGER parley_chunks_stay BEFORE UPDATE OF collection_id, terms ON knowledge_chunk FOR EACH ROW
  WHEN (OLD.collection_id <> NEW.collection_id OR OLD.terms <> NEW.terms) EXECUTE FUNCTION parley_refuse_change();
