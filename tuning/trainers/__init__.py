"""Who trains. A new trainer is a file here and a line in TRAINERS."""

from django.utils.module_loading import import_string

from tuning.trainers.base import Trainer, UnknownTrainerError

# Dotted paths, imported on first use: an SDK costs memory and start-up time.
TRAINERS = {
    "openai_compatible": "tuning.trainers.openai_compatible.OpenAICompatibleTrainer",
    "lora": "tuning.trainers.lora.LoraTrainer",
    "by_hand": "tuning.trainers.by_hand.ByHandTrainer",
}


def trainer_for(name: str) -> Trainer:
    """Raises UnknownTrainerError."""
    if name not in TRAINERS:
        raise UnknownTrainerError(f"There is no trainer named {name}; known are {', '.join(TRAINERS)}.")
    trainer: Trainer = import_string(TRAINERS[name])()
    return trainer
