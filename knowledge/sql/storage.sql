-- What a search reads of every candidate lies in the row itself; what it reads of the few best may lie beside the table.
ALTER TABLE knowledge_chunk ALTER COLUMN bm25 SET STORAGE EXTERNAL;
ALTER TABLE knowledge_chunkvector ALTER COLUMN sentence_embeddings SET STORAGE EXTERNAL;
ALTER TABLE knowledge_termstatistics SET (fillfactor = 70);

-- For words that are spelled almost like one that is there: by how they begin, and by how they end.
CREATE INDEX parley_term_beginnings ON knowledge_termstatistics (lexeme text_pattern_ops, collection_id);
CREATE INDEX parley_term_endings ON knowledge_termstatistics (reverse(lexeme) text_pattern_ops, collection_id);

-- Without a list of pending entries: the one who inserts pays, not the one who asks.
CREATE INDEX parley_chunk_terms ON knowledge_chunk USING gin (terms) WITH (fastupdate = off);
