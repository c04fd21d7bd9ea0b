"""What is frozen stays as it is: sets, their lines, and the cases in them."""

from django.db import migrations

FORWARDS = """
-- A case in a set may be emptied, as people are erased, and forget what it was made of and by whom. Nothing else
-- changes.
CREATE FUNCTION evaluation_case_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    content CONSTANT text[] := ARRAY['question', 'history', 'gold', 'must_include', 'must_not_include', 'reference',
                                     'thread', 'tags', 'origin', 'message_id', 'created_by_id'];
    is_emptied CONSTANT boolean := NEW.question = '' AND NEW.history = '[]' AND NEW.reference = ''
        AND NEW.must_include = '[]' AND NEW.must_not_include = '[]' AND NEW.gold = '[]';
    links CONSTANT text[] := ARRAY['message_id', 'created_by_id'];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM evaluation_casesetline WHERE case_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - content) <> (to_jsonb(OLD) - content)
       OR NOT (is_emptied OR (to_jsonb(NEW) - links) = (to_jsonb(OLD) - links))
       OR (NEW.message_id IS NOT NULL AND NEW.message_id IS DISTINCT FROM OLD.message_id)
       OR (NEW.created_by_id IS NOT NULL AND NEW.created_by_id IS DISTINCT FROM OLD.created_by_id) THEN
        RAISE EXCEPTION 'Case % is in a frozen set and is not changed.', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_is_frozen BEFORE UPDATE ON evaluation_evaluationcase
    FOR EACH ROW EXECUTE FUNCTION evaluation_case_is_frozen();

CREATE FUNCTION evaluation_set_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.created_by_id IS NOT NULL OR (to_jsonb(NEW) - 'created_by_id') <> (to_jsonb(OLD) - 'created_by_id') THEN
        RAISE EXCEPTION 'A frozen set of cases is not changed.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_set_is_frozen BEFORE UPDATE ON evaluation_caseset
    FOR EACH ROW EXECUTE FUNCTION evaluation_set_is_frozen();

-- A set is whole when it is written, in one transaction; afterwards no line comes, changes or goes but with its set.
CREATE FUNCTION evaluation_line_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (SELECT count(*) FROM evaluation_casesetline WHERE case_set_id = NEW.case_set_id)
           >= (SELECT size FROM evaluation_caseset WHERE id = NEW.case_set_id) THEN
            RAISE EXCEPTION 'A frozen set of cases is not added to.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM evaluation_caseset WHERE id = OLD.case_set_id) THEN
            RAISE EXCEPTION 'Nothing is taken out of a frozen set of cases.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The line of a frozen set is not changed.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER set_line_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON evaluation_casesetline
    FOR EACH ROW EXECUTE FUNCTION evaluation_line_is_frozen();

-- What was answered is written once; only who graded and what was erased may follow.
CREATE FUNCTION evaluation_result_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said CONSTANT text[] := ARRAY['answer', 'citations', 'trace', 'error', 'scores', 'has_passed', 'layer'];
BEGIN
    IF (to_jsonb(NEW) - said) <> (to_jsonb(OLD) - said)
       OR NOT (NEW.answer = OLD.answer AND NEW.trace = OLD.trace AND NEW.citations = OLD.citations
               OR NEW.answer = '' AND NEW.trace = '{}' AND NEW.citations = '[]') THEN
        RAISE EXCEPTION 'What was answered in a run is not changed.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER result_is_kept BEFORE UPDATE ON evaluation_evaluationresult
    FOR EACH ROW EXECUTE FUNCTION evaluation_result_is_kept();
"""
BACKWARDS = """
DROP TRIGGER result_is_kept ON evaluation_evaluationresult;
DROP TRIGGER set_line_is_frozen ON evaluation_casesetline;
DROP TRIGGER case_set_is_frozen ON evaluation_caseset;
DROP TRIGGER case_is_frozen ON evaluation_evaluationcase;
DROP FUNCTION evaluation_result_is_kept();
DROP FUNCTION evaluation_line_is_frozen();
DROP FUNCTION evaluation_set_is_frozen();
DROP FUNCTION evaluation_case_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0003_cases_and_runs")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
