"""The addresses of the dashboard."""

from django.urls import path

from dashboard.accounts import login_views
from dashboard.accounts import views as accounts
from dashboard.ask import views as ask
from dashboard.channels import own_words
from dashboard.channels import views as channels
from dashboard.conversations import proposal_views as proposals
from dashboard.conversations import views as conversations
from dashboard.costs import views as costs
from dashboard.documents import views as documents
from dashboard.escalations import views as escalations
from dashboard.evaluation import advice_views as advice
from dashboard.evaluation import drift_views as drift
from dashboard.evaluation import grading_views as grading
from dashboard.evaluation import rollout_views as rollouts
from dashboard.evaluation import views as evaluation
from dashboard.home import views as home
from dashboard.install import health_views, slack_views
from dashboard.install import views as install
from dashboard.serving import views as serving
from dashboard.training import dataset_views, job_views, path_views, registry_views
from dashboard.training import fact_views as facts
from dashboard.training import review_views as training
from dashboard.training import second_views as seconds

urlpatterns = [
    path("", home.home, name="home"),
    path("ask/", ask.ask, name="ask"),
    path("ask/<int:pk>/", ask.conversation, name="conversation"),
    path("answers/<int:pk>/feedback/", ask.feedback, name="feedback"),
    path("passages/<int:pk>/", ask.passage, name="passage"),
    path("conversations/", conversations.conversations, name="conversations"),
    path("conversations/<int:pk>/", conversations.transcript, name="transcript"),
    path("conversations/export.<str:kind>", conversations.export_conversations, name="export_conversations"),
    path("conversations/propose/", proposals.propose_answers, name="propose_answers"),
    path("conversations/cases/", proposals.add_cases, name="add_cases"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("answers/<int:pk>/prompt/", conversations.prompt, name="prompt"),
    path("answers/<int:pk>/promote/", conversations.promote, name="promote"),
    path("answers/<int:pk>/correct/", conversations.correct, name="correct"),
    path("answers/<int:pk>/article/", conversations.article, name="article"),
    path("answers/<int:pk>/again/", conversations.again, name="again"),
    path("review/", training.review, name="review"),
    path("review/start/", training.start, name="review_start"),
    path("review/candidates/", training.candidates, name="review_candidates"),
    path("review/<int:pk>/", training.item, name="review_item"),
    path("review/<int:pk>/draft/", training.draft, name="review_draft"),
    path("review/<int:pk>/passages/", training.find_passages, name="review_passages"),
    path("review/<int:pk>/attach/", training.attach, name="review_attach"),
    path("review/<int:pk>/article/", facts.article, name="review_article"),
    path("review/<int:pk>/article/state/", facts.article_state, name="review_article_state"),
    path("review/<int:pk>/article/settle/", facts.settle, name="review_settle"),
    path("review/<int:pk>/article/answer/", facts.article_answer, name="review_article_answer"),
    path("review/<int:pk>/article/learn/", facts.learn_too, name="review_learn_too"),
    path("review/<int:pk>/second/", seconds.second_look, name="second_look"),
    path("review/<int:pk>/second/draft/", seconds.second_draft, name="second_draft"),
    path("review/second-share/", seconds.set_second_share, name="second_share"),
    path("training/", path_views.training, name="training"),
    path("training/examples/", training.listed, name="examples"),
    path("training/examples/<int:pk>/", dataset_views.example, name="example"),
    path("training/import/", path_views.import_examples, name="import_examples"),
    path("training/import/file/", path_views.bring_examples, name="bring_examples"),
    path("training/datasets/", dataset_views.datasets, name="datasets"),
    path("training/datasets/freeze/", dataset_views.freeze_dataset, name="freeze_dataset"),
    path("training/datasets/<int:pk>/", dataset_views.dataset, name="dataset"),
    path(
        "training/datasets/<int:pk>/<str:split>.<str:kind>.jsonl", dataset_views.export_dataset, name="export_dataset"
    ),
    path("training/jobs/", job_views.jobs, name="jobs"),
    path("training/jobs/new/", job_views.new_job, name="new_job"),
    path("training/jobs/order/", job_views.order_job, name="order_job"),
    path("training/jobs/<int:pk>/", job_views.job, name="job"),
    path("training/jobs/<int:pk>/cancel/", job_views.cancel_job, name="cancel_job"),
    path("training/jobs/<int:pk>/look/", job_views.look_at_job, name="look_at_job"),
    path("training/models/", registry_views.registry, name="registry"),
    path("training/models/register/", registry_views.register_model, name="register_model"),
    path("training/models/find/", registry_views.find_models, name="find_models"),
    path("training/models/found/", registry_views.register_found, name="register_found"),
    path("training/models/back/", registry_views.take_back, name="take_back"),
    path("training/models/<int:pk>/", registry_views.version, name="version"),
    path("training/models/<int:pk>/deploy/", registry_views.deploy_version, name="deploy_version"),
    path("training/models/<int:pk>/retires/", registry_views.retire_version, name="retire_version"),
    path("training/export/", training.export, name="export_examples"),
    path("training/allow/<int:pk>/", training.allow_training, name="allow_training"),
    path("escalations/", escalations.board, name="escalations"),
    path("escalations/<int:pk>/", escalations.escalation, name="escalation"),
    path("escalations/<int:pk>/claim/", escalations.claim, name="claim"),
    path("escalations/<int:pk>/conclude/", escalations.conclude, name="conclude"),
    path("documents/", documents.documents, name="documents"),
    path("documents/upload/", documents.upload, name="upload"),
    path("documents/<int:pk>/", documents.document, name="document"),
    path("documents/<int:pk>/remove/", documents.remove, name="remove_document"),
    path("sources/", documents.source_list, name="sources"),
    path("sources/<int:pk>/", documents.source, name="source"),
    path("sources/<int:pk>/sync/", documents.sync, name="sync_source"),
    path("sources/<int:pk>/remove/", documents.remove_source, name="remove_source"),
    path("collections/", documents.collections, name="collections"),
    path("collections/<int:pk>/visibility/", documents.set_visibility, name="set_visibility"),
    path("bench/", documents.bench, name="bench"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:pk>/", channels.channel, name="channel"),
    path("workspaces/<int:pk>/escalations/", channels.escalate_to, name="escalate_to"),
    path("workspaces/<int:pk>/examples/", channels.proposers, name="proposers"),
    path("voices/", channels.voice_list, name="voices"),
    path("voices/new/", channels.new_voice, name="new_voice"),
    path("voices/preview/", channels.preview_voice, name="preview_voice"),
    path("voices/of/<str:name>/", channels.voice, name="voice"),
    path("voices/of/<str:name>/words/", own_words.own_words, name="own_words"),
    path("costs/", costs.overview, name="costs"),
    path("costs/budgets/", costs.budgets, name="budgets"),
    path("costs/budgets/<int:pk>/remove/", costs.remove_budget, name="remove_budget"),
    path("costs/prices/", costs.prices, name="prices"),
    path("evaluations/", evaluation.evaluations, name="evaluations"),
    path("evaluations/cases/", evaluation.import_cases, name="import_cases"),
    path("evaluations/sets/", evaluation.freeze_cases, name="freeze_cases"),
    path("evaluations/start/", evaluation.start_run, name="start_run"),
    path("runs/<int:pk>/", evaluation.run, name="run"),
    path("runs/<int:pk>/cases/<int:case>/", evaluation.run_case, name="run_case"),
    path("runs/<int:pk>/grade/", grading.grade_run, name="grade_run"),
    path("runs/<int:pk>/judge/", grading.judge_run, name="judge_run"),
    path("runs/<int:pk>/judge/stop/", grading.stop_judging, name="stop_judging"),
    path("runs/<int:pk>/promote/", rollouts.promote_run, name="promote_run"),
    path("drift/", drift.drift, name="drift"),
    path("rollouts/", rollouts.rollouts, name="rollouts"),
    path("rollouts/back/", rollouts.roll_back_answers, name="roll_back_answers"),
    path("rollouts/<int:pk>/raise/", rollouts.raise_rollout, name="raise_rollout"),
    path("rollouts/<int:pk>/halt/", rollouts.halt_rollout, name="halt_rollout"),
    path("runs/<int:pk>/stop/", evaluation.stop_run, name="stop_run"),
    path("runs/<int:pk>/resume/", evaluation.resume_run, name="resume_run"),
    path("answers/<int:pk>/case/", evaluation.add_case, name="add_case"),
    path("advice/", advice.advice, name="advice"),
    path("advice/calculators/", advice.calculators, name="calculators"),
    path("models/", serving.models, name="models"),
    path("models/<int:pk>/live/", serving.roll_back, name="roll_back"),
    path("models/<int:pk>/off/", serving.switch_off, name="switch_off"),
    path("endpoints/new/", serving.new_endpoint, name="new_endpoint"),
    path("endpoints/<int:pk>/", serving.endpoint, name="endpoint"),
    path("endpoints/<int:pk>/try/", serving.try_endpoint, name="try_endpoint"),
    path("endpoints/names/", serving.list_models, name="list_models"),
    path("install/", install.install, name="install"),
    path("install/sample/remove/", install.remove_sample, name="remove_sample"),
    path("doctor/", install.examine, name="doctor"),
    path("people/", accounts.people_list, name="people"),
    path("people/<int:pk>/role/", accounts.set_role, name="set_role"),
    path("people/<int:pk>/shut/", accounts.shut_account, name="shut_account"),
    path("people/<int:pk>/link/", accounts.new_link, name="new_link"),
    path("audit/", accounts.audit_log, name="audit"),
    path("login/", login_views.password_login, name="login"),
    path("login/link/<str:token>/", login_views.login_link, name="login_link"),
    path("logout/", login_views.logout, name="logout"),
    path("slack/events", slack_views.events, name="slack_events"),
    path("slack/install/", slack_views.install, name="slack_install"),
    path("slack/installed/", slack_views.installed, name="slack_installed"),
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
]
