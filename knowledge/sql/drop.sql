-- The role stays: it belongs to the server, and other databases may use it.
DROP FUNCTION parley_search, parley_score, parley_nearest, parley_ask, parley_spelled, parley_language;
DROP VIEW parley_weights;
DROP TYPE parley_question;
DROP POLICY parley_reads ON knowledge_chunk;
DROP POLICY parley_reads ON knowledge_chunkvector;
DROP POLICY parley_reads ON knowledge_document;
ALTER TABLE knowledge_chunk DISABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_chunkvector DISABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_document DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON knowledge_chunk, knowledge_chunkvector, knowledge_document FROM parley_reader;
DROP TRIGGER parley_chunks_added ON knowledge_chunk;
DROP TRIGGER parley_chunks_removed ON knowledge_chunk;
DROP TRIGGER parley_chunks_stay ON knowledge_chunk;
DROP TRIGGER parley_vectors_go ON knowledge_chunk;
DROP FUNCTION parley_forget_vectors, parley_visible, parley_count_chunks, parley_refuse_change, parley_bm25, parley_length, parley_term_hash,
  parley_terms, parley_unlinked, parley_segmented, parley_folded;
DROP INDEX parley_chunk_terms, parley_term_beginnings, parley_term_endings;
