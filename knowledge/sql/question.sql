-- What a question asks for, in these collections and no other: its language, its terms, their weights.

-- Functions with the rights of the owner find their tables by this path and no other; pg_catalog comes before it anyway.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);
-- Loads pgvector, whose settings can be named only then.
SELECT '[1]'::halfvec;

CREATE TYPE parley_question AS (
  language regconfig,
  terms tsvector,
  candidates tsquery,    -- the rarest terms, as many as stay within the budget
  weights sparsevec,     -- idf times count, by the hash of the term
  lexemes tsquery[],     -- every term of the question, rarest first
  idf real[],            -- of each lexeme
  pairs tsquery[],       -- two neighbouring terms, next to each other in the passage or one word apart
  pair_idf real[],       -- of each pair, the smaller of the two
  chunk_count bigint,    -- chunks in the collections asked
  is_exhaustive boolean, -- whether every passage is looked at, whatever that takes
  corrections text[],    -- "written=understood" for each word that was taken for another
  words text[]           -- each lexeme as a passage holds it, NULL for those that none holds
);

-- The language a question is taken to be in: of those that the collections hold, the one that knows most of its words, as
-- words that only join others or as terms that are there.
CREATE FUNCTION parley_language(question text, collections bigint[]) RETURNS regconfig
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  held text[] := ARRAY(SELECT s.language FROM knowledge_languagestatistics s WHERE s.collection_id = ANY (collections)
                        GROUP BY s.language ORDER BY sum(s.chunk_count) DESC, s.language);
BEGIN
  IF cardinality(held) < 2 THEN
    RETURN coalesce(held[1], 'english')::regconfig;
  END IF;
  RETURN (
    SELECT each.language::regconfig FROM unnest(held) WITH ORDINALITY AS each (language, place),
           parley_terms('', question, each.language::regconfig) AS terms
     ORDER BY (SELECT count(*) FILTER (WHERE s.term IS NOT NULL) FROM unnest(terms) AS t
                 LEFT JOIN (SELECT DISTINCT k.term FROM knowledge_termstatistics k
                             WHERE k.collection_id = ANY (collections) AND k.term = ANY (
                               ARRAY(SELECT parley_term_hash(lexeme) FROM unnest(terms)))) AS s
                   ON s.term = parley_term_hash(t.lexeme))
              - length(terms) DESC, each.place
     LIMIT 1);
END
$$;

-- The term of these collections that is one letter away from `written` (one more, one less, another, or two that changed
-- places), the most frequent of them; NULL where there is none. Such a term shares its first or its second half.
CREATE FUNCTION parley_spelled(written text, collections bigint[]) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  size CONSTANT integer := char_length(written);
  half CONSTANT integer := (size - 1) / 2;
  near text[];
  found text;
BEGIN
  IF size < 5 OR size > 30 OR written !~ '^[[:alpha:]]+$' THEN
    RETURN NULL;
  END IF;
  near := ARRAY(
    SELECT overlay(written placing '_' from place for 1) FROM generate_series(1, size) AS place UNION ALL
    SELECT overlay(written placing '_' from place for 0) FROM generate_series(1, size + 1) AS place UNION ALL
    SELECT overlay(written placing '' from place for 1) FROM generate_series(1, size) AS place UNION ALL
    SELECT overlay(written placing substr(written, place + 1, 1) || substr(written, place, 1) from place for 2)
      FROM generate_series(1, size - 1) AS place);
  -- The halves are written out, as PostgreSQL takes an index for LIKE only where it can see how the pattern begins.
  EXECUTE format(
    'SELECT lexeme FROM (
       SELECT lexeme, chunk_count FROM knowledge_termstatistics
        WHERE collection_id = ANY ($1) AND lexeme LIKE %1$L UNION
       SELECT lexeme, chunk_count FROM knowledge_termstatistics
        WHERE collection_id = ANY ($1) AND reverse(lexeme) LIKE %2$L) AS candidate
      WHERE lexeme LIKE ANY ($2) GROUP BY lexeme ORDER BY sum(chunk_count) DESC, lexeme LIMIT 1',
    left(written, half) || '%', reverse(right(written, half)) || '%')
     INTO found USING collections, near;
  RETURN found;
END
$$;

-- The terms of a question, weighed by how rare they are in these collections. A term they do not hold is taken for one that
-- is spelled almost the same; where there is none, it has an idf (it is missed) but no weight. A phrase that the company
-- has synonyms for is searched with all of them: a passage that holds any covers it, and theirs weigh half. Without a
-- budget all terms gather candidates.
CREATE FUNCTION parley_ask(question text, collections bigint[], budget integer) RETURNS parley_question
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  asked parley_question;
  unknown text[];
BEGIN
  asked.is_exhaustive := budget IS NULL;
  asked.language := parley_language(question, collections);
  asked.terms := parley_terms('', question, asked.language);
  SELECT coalesce(sum(s.chunk_count), 0) INTO asked.chunk_count
    FROM knowledge_collectionstatistics s WHERE s.collection_id = ANY (collections);
  unknown := ARRAY(SELECT t.lexeme FROM unnest(asked.terms) AS t WHERE NOT EXISTS (
    SELECT FROM knowledge_termstatistics s
     WHERE s.collection_id = ANY (collections) AND s.term = parley_term_hash(t.lexeme)));
  IF cardinality(unknown) > 0 THEN
    SELECT array_agg(t.lexeme || '=' || s.lexeme ORDER BY t.lexeme) FILTER (WHERE s.lexeme IS NOT NULL),
           string_agg(quote_literal(coalesce(s.lexeme, t.lexeme)) || ':' || array_to_string(t.positions, ','), ' ')::tsvector
      INTO asked.corrections, asked.terms
      FROM unnest(asked.terms) AS t
      LEFT JOIN LATERAL (SELECT parley_spelled(t.lexeme, collections) AS lexeme WHERE t.lexeme = ANY (unknown)) AS s ON true;
  END IF;
  WITH phrase AS MATERIALIZED (
         SELECT s.id, phraseto_tsquery(asked.language, parley_folded(written)) AS query,
                parley_terms('', written, asked.language) AS terms
           FROM knowledge_synonymset s, unnest(s.phrases) AS written),
       hit AS MATERIALIZED (SELECT * FROM phrase WHERE numnode(query) > 0 AND asked.terms @@ query),
       other AS MATERIALIZED (
         SELECT h.terms AS said, p.query, p.terms
           FROM hit h JOIN phrase p ON p.id = h.id AND p.query::text <> h.query::text AND numnode(p.query) > 0),
       term AS MATERIALIZED (
         SELECT lexeme, positions, parley_term_hash(lexeme) AS hash, 1.0 AS share FROM unnest(asked.terms)
          UNION ALL
         SELECT DISTINCT t.lexeme, '{1}'::smallint[], parley_term_hash(t.lexeme), 0.5 FROM other o, unnest(o.terms) AS t
          WHERE t.lexeme <> ALL (tsvector_to_array(asked.terms))),
       held AS MATERIALIZED (
         SELECT s.term AS hash, sum(s.chunk_count) AS df FROM knowledge_termstatistics s
          WHERE s.collection_id = ANY (collections) AND s.term = ANY (ARRAY(SELECT hash FROM term)) GROUP BY s.term),
       rated AS MATERIALIZED (
         SELECT lexeme, positions, hash, share, coalesce(df, 0) AS df,
                ln(1 + (asked.chunk_count - coalesce(df, 0) + 0.5) / (coalesce(df, 0) + 0.5)) AS idf
           FROM term LEFT JOIN held USING (hash)),
       known AS MATERIALIZED (
         SELECT *, sum(df) OVER rarest AS gathered, row_number() OVER rarest AS place
           FROM rated WHERE df > 0 WINDOW rarest AS (ORDER BY df, lexeme)),
       meant AS MATERIALIZED (
         SELECT lexeme, df, idf, (quote_literal(lexeme) || coalesce(
                  (SELECT ' | ' || string_agg('(' || o.query::text || ')', ' | ') FROM other o
                    WHERE r.lexeme = ANY (tsvector_to_array(o.said))), ''))::tsquery AS query
           FROM rated r WHERE share = 1),
       pair AS MATERIALIZED (
         SELECT quote_literal(lexeme)::tsquery AS first, quote_literal(next)::tsquery AS second, least(idf, next_idf) AS idf
           FROM (SELECT lexeme, idf, lead(lexeme) OVER reading AS next, lead(idf) OVER reading AS next_idf
                   FROM known, unnest(positions) AS position WHERE share = 1
                 WINDOW reading AS (ORDER BY position)) AS neighbours
          WHERE next <> lexeme)
  SELECT (SELECT coalesce(string_agg(quote_literal(lexeme), ' | ') FILTER (WHERE place = 1 OR gathered <= coalesce(budget, gathered)), '')
            FROM known)::tsquery,
         (SELECT '{' || coalesce(string_agg(hash || ':' || round(weight::numeric, 5), ',' ORDER BY hash), '') || '}/536870912'
            FROM (SELECT hash, sum(share * idf * cardinality(positions)) AS weight FROM known GROUP BY hash) AS summed
         )::sparsevec,
         (SELECT coalesce(array_agg(query ORDER BY df, lexeme), '{}') FROM meant),
         (SELECT coalesce(array_agg(idf::real ORDER BY df, lexeme), '{}') FROM meant),
         (SELECT coalesce(array_agg(tsquery_phrase(first, second) || tsquery_phrase(first, second, 2)
                                    || tsquery_phrase(second, first)), '{}') FROM pair),
         (SELECT coalesce(array_agg(idf::real), '{}') FROM pair),
         (SELECT coalesce(array_agg(CASE WHEN df > 0 THEN lexeme END ORDER BY df, lexeme), '{}') FROM meant)
    INTO asked.candidates, asked.weights, asked.lexemes, asked.idf, asked.pairs, asked.pair_idf, asked.words;
  RETURN asked;
END
$$;

REVOKE ALL ON FUNCTION parley_language(text, bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION parley_spelled(text, bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION parley_ask(text, bigint[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley_ask(text, bigint[], integer) TO parley_reader;
