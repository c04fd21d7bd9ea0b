"""What is frozen stays as it is, and nothing gets in that may not leave."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION tuning_dataset_line_may_leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked, so that whoever erases it meanwhile waits, and then finds this line.
    PERFORM 1 FROM tuning_trainingexample e LEFT JOIN bot_workspace w ON w.id = e.workspace_id
      WHERE e.id = NEW.example_id AND e.state = 'approved' AND e.checksum = NEW.checksum
        AND (e.workspace_id IS NULL OR w.is_training_allowed)
      FOR SHARE OF e;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Example % may not be frozen: it is not approved, was changed, or its workspace does not allow '
            'training.', NEW.example_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dataset_line_may_leave BEFORE INSERT ON tuning_datasetline
    FOR EACH ROW EXECUTE FUNCTION tuning_dataset_line_may_leave();

-- A line may be emptied, or forget its example, as people are erased; a dataset may forget who made it. Nothing else
-- changes.
CREATE FUNCTION tuning_line_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    content CONSTANT text[] := ARRAY['example_id', 'messages', 'rejected'];
    is_emptied CONSTANT boolean := NEW.messages = '[]' AND NEW.rejected = '';
    is_same CONSTANT boolean := NEW.messages = OLD.messages AND NEW.rejected = OLD.rejected;
BEGIN
    IF NOT (is_emptied OR is_same) OR (to_jsonb(NEW) - content) <> (to_jsonb(OLD) - content)
       OR (NEW.example_id IS NOT NULL AND NEW.example_id IS DISTINCT FROM OLD.example_id) THEN
        RAISE EXCEPTION 'A frozen line is not changed.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER line_is_frozen BEFORE UPDATE ON tuning_datasetline
    FOR EACH ROW EXECUTE FUNCTION tuning_line_is_frozen();

CREATE FUNCTION tuning_dataset_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.created_by_id IS NOT NULL OR (to_jsonb(NEW) - 'created_by_id') <> (to_jsonb(OLD) - 'created_by_id') THEN
        RAISE EXCEPTION 'A frozen dataset is not changed.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dataset_is_frozen BEFORE UPDATE ON tuning_dataset
    FOR EACH ROW EXECUTE FUNCTION tuning_dataset_is_frozen();
"""
BACKWARDS = """
DROP TRIGGER dataset_is_frozen ON tuning_dataset;
DROP TRIGGER line_is_frozen ON tuning_datasetline;
DROP TRIGGER dataset_line_may_leave ON tuning_datasetline;
DROP FUNCTION tuning_dataset_is_frozen();
DROP FUNCTION tuning_line_is_frozen();
DROP FUNCTION tuning_dataset_line_may_leave();
"""


class Migration(migrations.Migration):
    dependencies = [("tuning", "0003_datasets_and_jobs"), ("bot", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
