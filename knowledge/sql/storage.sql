-- What a search reads of every candidate lies in the row itself; what it reads of the few best may lie beside the table.
ALTER TABLE knowledge_chunk ALTER COLUMN bm25 SET STORAGE EXTERNAL;
ALTER TABLE knowledge_chunkvector ALTER COLUMN sentence_embeddings SET STORAGE EXTERNAL;
ALTER TABLE knowledge_termstatistics SET (fillfactor = 70);

-- Without a list of pending entries: the one who inserts pays, not the one who asks.
CREATE INDEX parley_chunk_terms ON knowledge_chunk USING gin (terms) WITH (fastupdate = off);
