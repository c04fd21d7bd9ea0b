-- Text to terms, and terms to BM25, with nothing but PostgreSQL and pgvector.

-- Accents and ligatures are folded (plain ASCII has none, which is quicker to see than to fold).
CREATE OR REPLACE FUNCTION parley_folded(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(body) = char_length(body) THEN body
         ELSE regexp_replace(normalize(body, NFKD), '[\u0300-\u036f]+', '', 'g') END
$$;

-- Chinese and Japanese are written without spaces. Their runs are cut into overlapping pairs of characters, the ones that
-- start at the first character and, behind the whole text, the ones that start at the second. Korean has spaces.
CREATE OR REPLACE FUNCTION parley_segmented(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(body) = char_length(body) OR body !~ '[\u3040-\u30ff\u3400-\u9fff]' THEN body
         ELSE regexp_replace(body, '([\u3040-\u30ff\u3400-\u9fff]{2})', ' \1 ', 'g') || ' ' ||
              regexp_replace(
                regexp_replace(regexp_replace(body, '[^\u3040-\u30ff\u3400-\u9fff]+', ' ', 'g'),
                               '(^| )[\u3040-\u30ff\u3400-\u9fff]', '\1', 'g'),
                '([\u3040-\u30ff\u3400-\u9fff]{2})', ' \1 ', 'g') END
$$;

-- The words of links without their addresses, which say where something is and not what it is about.
CREATE OR REPLACE FUNCTION parley_unlinked(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(body, '](http') = 0 THEN body
         ELSE regexp_replace(body, '\]\(https?://[^()<>\s]+\)', ']', 'g') END
$$;

-- The joints of names such as settings.MODELS_DIR or /api/v1 are cut, so that their parts can be asked for. A backslash
-- never gets into a term. `language` is a text search configuration: it knows stop words and the forms of words.
CREATE OR REPLACE FUNCTION parley_terms(heading text, body text, language regconfig) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector(language, translate(parley_segmented(parley_folded(heading || E'\n' || parley_unlinked(body))), '/_\.:=@-', '        '))
$$;

-- The dimension of a term in a sparse vector, 1 to 2^29. PostgreSQL keeps this hash the same from version to version, as
-- hash partitions rest on it. Among 200,000 terms some 37 pairs share a dimension, which costs them a little rank.
CREATE OR REPLACE FUNCTION parley_term_hash(term text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (hashtextextended(term, 0) & 536870911)::integer + 1
$$;

CREATE OR REPLACE FUNCTION parley_length(terms tsvector) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(terms)
$$;

-- The document side of BM25 (Robertson and Zaragoza, 2009) with k1 = 1.2 and b = 0.75: per term
-- tf (k1 + 1) / (tf + k1 (1 - b + b length / average_length)). Its inner product with the idf of a question is the score.
CREATE OR REPLACE FUNCTION parley_bm25(terms tsvector, average_length real) RETURNS sparsevec
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH counted AS (SELECT parley_term_hash(lexeme) AS term, sum(cardinality(positions))::real AS tf
                     FROM unnest(terms) GROUP BY 1),
       whole AS (SELECT sum(tf) / average_length AS relative_length FROM counted)
  SELECT ('{' || coalesce(string_agg(
            term || ':' || round((tf * 2.2 / (tf + 0.3 + 0.9 * relative_length))::numeric, 4), ',' ORDER BY term), '')
          || '}/536870912')::sparsevec
    FROM counted, whole
$$;
