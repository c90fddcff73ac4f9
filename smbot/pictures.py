"""Placeholder."""

from smbot.model import File, Media, Problem, Rules


def problem(file: File, rules: Rules) -> Problem | None:
    if file.mime not in rules.image_types:
        return Problem(f"{rules.network} takes no {file.mime}.", "Use a PNG or JPEG image.")
    if file.size > rules.image_bytes:
        return Problem(f"The image is too large for {rules.network}.", "Use a smaller version.")
    return None


def fit(data: bytes, mime: str, alt: str, rules: Rules) -> Media:
    return Media(data, mime, alt)
