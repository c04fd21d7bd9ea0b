-- One search is one statement. Two layers keep it inside the collections it was given, each enough alone:
-- parley_score finds candidates with the rights of the owner, whose indexes work, in the collections of its required
-- argument; parley_search then reads their passages as parley_reader, under row-level security.

-- Functions with the rights of the owner find their tables by this path and no other; pg_catalog comes before it anyway.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);
-- Loads pgvector, whose settings can be named only then.
SELECT '[1]'::halfvec;

-- What each part of a score weighs; docs/retrieval.md says how they were found. Migration 0004 takes these into a database
-- that is there already; a change of theirs needs a migration that runs this script again.
CREATE OR REPLACE VIEW parley_weights AS SELECT
  1.2::float AS bm25,               -- relative to the best candidate's
  1.0::float AS cosine,             -- of the passage, relative to the best
  0.75::float AS coverage,          -- the share of the question's idf that the passage holds
  0.75::float AS phrase,            -- the share of its neighbouring pairs of terms that stand together
  0.75::float AS sentence,          -- the best cosine of a sentence, relative to the best
  0.15::float AS neighbour,         -- what the passage before or after it scored
  0.5::float AS title_asked,        -- its document's title is in the question
  0.5::float AS title_told,         -- its document's title is in a leading passage of another document
  0.25::float AS linked,            -- or one of these links to its document
  0.6::float AS said_similarly,     -- of the best sentence: its cosine
  0.4::float AS said_words;         -- and the share of the question's idf that it holds

-- The chunks nearest to a vector among those of one space. Where few chunks are `visible`, all of them are compared; else
-- the index of the space finds them, looking at the more of it the less of it is visible, or the bigger it is.
CREATE OR REPLACE FUNCTION parley_nearest(vector halfvec, space text, collections bigint[], visible bigint, depth integer)
RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET hnsw.iterative_scan = relaxed_order SET hnsw.ef_search = 100 SET hnsw.max_scan_tuples = 40000 AS $$
DECLARE
  exact_below CONSTANT bigint := 12000;
  size CONSTANT bigint := (SELECT 1 + sum(s.chunk_count) FROM knowledge_collectionstatistics s);
  share CONSTANT float := visible / size::float;
  distance text := CASE WHEN visible < exact_below THEN 'embedding <=> $1'
                   ELSE format('(embedding::halfvec(%1$s)) <=> $1::halfvec(%1$s)', vector_dims(vector)) END;
  nearest bigint[];
BEGIN
  IF vector IS NULL THEN
    RETURN '{}';
  END IF;
  IF share < 0.7 OR size > 500000 THEN
    PERFORM set_config(
      'hnsw.ef_search', CASE WHEN share < 0.3 THEN '400' WHEN share < 0.7 THEN '250' ELSE '200' END, true);
  END IF;
  -- The space is written out, as PostgreSQL uses a partial index only where it can see its condition in the query.
  EXECUTE format('SELECT array_agg(chunk_id) FROM (SELECT chunk_id FROM knowledge_chunkvector
                   WHERE space = %L AND collection_id = ANY ($2) ORDER BY %s LIMIT $3) AS found', space, distance)
     INTO nearest USING vector, collections, depth;
  RETURN coalesce(nearest, '{}');
END
$$;

CREATE OR REPLACE FUNCTION parley_score(
  asked parley_question, vector halfvec, space text, collections bigint[], k integer
) RETURNS TABLE (chunk_id bigint, score real, bm25 real, cosine real, coverage real, phrase real, neighbour real,
                 sentence real, link real, matched boolean[])
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  depth CONSTANT integer := 60;
  reranked CONSTANT integer := 30;
  leaders CONSTANT integer := 5;  -- the leading passages, whose links and names count
  rare CONSTANT integer := 200;  -- a title of one word counts if at most one in so many chunks holds it
  weight CONSTANT parley_weights := (SELECT w FROM parley_weights AS w);
  nearest bigint[] := parley_nearest(
    vector, space, collections, CASE WHEN asked.is_exhaustive THEN 0 ELSE asked.chunk_count END, depth);
  tiny CONSTANT float := 1e-6;
  idf_sum CONSTANT float := tiny + coalesce((SELECT sum(idf) FROM unnest(asked.idf) AS idf), 0);
  pair_sum CONSTANT float := tiny + coalesce((SELECT sum(idf) FROM unnest(asked.pair_idf) AS idf), 0);
BEGIN
  RETURN QUERY
  WITH lexical AS MATERIALIZED (
         SELECT id FROM knowledge_chunk
          WHERE terms @@ asked.candidates AND collection_id = ANY (collections)
          ORDER BY bm25 <#> asked.weights LIMIT depth),
       pool AS MATERIALIZED (
         SELECT c.id, c.document_id, c.ordinal, -(c.bm25 <#> asked.weights) AS bm25,
                coalesce(1 - (v.embedding <=> vector), 0) AS cosine
           FROM (SELECT id FROM lexical UNION SELECT unnest(nearest)) AS candidate
           JOIN knowledge_chunk c USING (id)
           LEFT JOIN knowledge_chunkvector v ON v.chunk_id = c.id AND v.space = parley_score.space),
       fused AS MATERIALIZED (
         SELECT *, weight.bm25 * bm25 / (max(bm25) OVER () + tiny)
                   + weight.cosine * greatest(cosine, 0) / (greatest(max(cosine) OVER (), 0) + tiny) AS base
           FROM pool),
       placed AS (
         SELECT *, greatest(CASE WHEN lag(ordinal) OVER reading = ordinal - 1 THEN lag(base) OVER reading ELSE 0 END,
                            CASE WHEN lead(ordinal) OVER reading = ordinal + 1 THEN lead(base) OVER reading ELSE 0 END)
                   AS neighbour
           FROM fused WINDOW reading AS (PARTITION BY document_id ORDER BY ordinal)),
       best AS MATERIALIZED (  -- || '' unpacks the terms once; from here they are looked at many times
         SELECT placed.*, c.terms || '' AS terms, phraseto_tsquery(asked.language, d.title) AS name,
                tsvector_to_array(to_tsvector(asked.language, d.title)) AS name_terms,
                c.links, ARRAY[nullif(d.url, ''), d.path]::text[] AS places
           FROM (SELECT * FROM placed ORDER BY base DESC, id LIMIT reranked) AS placed
           JOIN knowledge_chunk c USING (id) JOIN knowledge_document d ON d.id = placed.document_id),
       felt AS MATERIALIZED (
         SELECT b.*,
                coalesce((SELECT sum(idf) FROM unnest(asked.lexemes, asked.idf) AS l (lexeme, idf)
                           WHERE b.terms @@ lexeme) / idf_sum, 0) AS coverage,
                coalesce((SELECT sum(idf) FROM unnest(asked.pairs, asked.pair_idf) AS p (pair, idf)
                           WHERE b.terms @@ pair) / pair_sum, 0) AS phrase,
                coalesce((SELECT max(1 - (s <=> vector)) FROM unnest(v.sentence_embeddings) AS s), b.cosine) AS sentence
           FROM best b LEFT JOIN knowledge_chunkvector v ON v.chunk_id = b.id AND v.space = parley_score.space),
       rated AS MATERIALIZED (
         SELECT *, base + weight.coverage * coverage + weight.phrase * phrase + weight.neighbour * neighbour
                   + weight.sentence * greatest(sentence, 0) / (greatest(max(sentence) OVER (), 0) + tiny) AS rating
           FROM felt),
       top AS MATERIALIZED (SELECT document_id, terms, links FROM rated ORDER BY rating DESC, id LIMIT leaders),
       linked AS (  -- a name of one word is one only if the word is rare, see `rare`
         SELECT *, greatest(
                CASE WHEN cardinality(name_terms) = 0 OR cardinality(name_terms) = 1 AND asked.chunk_count < rare * (
                     SELECT sum(t.chunk_count) FROM knowledge_termstatistics t
                      WHERE t.collection_id = ANY (collections) AND t.term = parley_term_hash(name_terms[1])) THEN 0
                   ELSE weight.title_asked * (asked.terms @@ name)::int
                      + weight.title_told
                        * EXISTS (SELECT FROM top l WHERE l.terms @@ name AND l.document_id <> r.document_id)::int
                   END,
                weight.linked
                * EXISTS (SELECT FROM top l WHERE l.links && r.places AND l.document_id <> r.document_id)::int)
                AS link
           FROM rated r)
  SELECT id, (rating + link)::real, bm25::real, cosine::real, coverage::real, phrase::real, neighbour::real,
         sentence::real, link::real, ARRAY(SELECT l.terms @@ lexeme FROM unnest(asked.lexemes) AS lexeme)
    FROM linked l ORDER BY rating + link DESC, id LIMIT k;
END
$$;

-- The one door. `vector` may be NULL: the search is then by terms alone. `sentence_mix` is the best of the two sentences
-- nearest to the question, by similarity and by the share of the question's terms that they hold.
CREATE OR REPLACE FUNCTION parley_search(question text, vector halfvec, space text, collections bigint[], k integer, budget integer)
RETURNS TABLE (chunk_id bigint, document_id bigint, collection_id bigint, path text, url text, title text, heading text,
               text text, ordinal integer, score real, bm25 real, cosine real, coverage real, phrase real, neighbour real,
               sentence real, link real, matched boolean[], idf real[], chunk_count bigint, spans integer[],
               similarities real[], sentence_mix real, corrections text[], words text[])
LANGUAGE plpgsql STABLE ROWS 10 SET role = parley_reader SET parley.collections = ''
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  asked parley_question;
  idf_sum float;
  weight CONSTANT parley_weights := (SELECT w FROM parley_weights AS w);
BEGIN
  PERFORM set_config('parley.collections', array_to_string(collections, ','), true);
  asked := parley_ask(question, collections, budget);
  idf_sum := 1e-6 + coalesce((SELECT sum(idf) FROM unnest(asked.idf) AS idf), 0);
  RETURN QUERY
  SELECT c.id, c.document_id, c.collection_id, d.path::text, d.url::text, d.title::text, c.heading, c.text, c.ordinal::integer,
         s.score, s.bm25, s.cosine, s.coverage, s.phrase, s.neighbour, s.sentence, s.link, s.matched, asked.idf,
         asked.chunk_count, c.sentence_spans,
         ARRAY(SELECT (1 - (e <=> vector))::real FROM unnest(v.sentence_embeddings) AS e),
         (SELECT max(weight.said_similarly * near.similarity + weight.said_words * coalesce((
                       SELECT sum(idf) FROM unnest(asked.lexemes, asked.idf) AS l (lexeme, idf) WHERE said @@ lexeme), 0)
                     / idf_sum)::real
            FROM (SELECT 2 * place::int AS last, 1 - (e <=> vector) AS similarity
                    FROM unnest(v.sentence_embeddings) WITH ORDINALITY AS u (e, place)
                   ORDER BY similarity DESC LIMIT 2) AS near,
                 parley_terms('', substr(c.text, c.sentence_spans[near.last - 1] + 1,
                                         c.sentence_spans[near.last] - c.sentence_spans[near.last - 1]),
                              c.language::regconfig) AS said),
         asked.corrections, asked.words
    FROM parley_score(asked, vector, space, collections, k) AS s
    JOIN knowledge_chunk c ON c.id = s.chunk_id
    JOIN knowledge_document d ON d.id = c.document_id
    LEFT JOIN knowledge_chunkvector v ON v.chunk_id = c.id AND v.space = parley_search.space
   ORDER BY s.score DESC, c.id;
END
$$;

REVOKE ALL ON FUNCTION parley_nearest(halfvec, text, bigint[], bigint, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION parley_score(parley_question, halfvec, text, bigint[], integer) FROM PUBLIC;
GRANT SELECT ON parley_weights TO parley_reader;
GRANT EXECUTE ON FUNCTION parley_score(parley_question, halfvec, text, bigint[], integer) TO parley_reader;
