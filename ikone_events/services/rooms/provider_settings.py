"""Where the providers of video rooms are, and the secrets that are shared with them."""

from dataclasses import dataclass, field

from ikone_events.services.installation import get_installation


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Empty texts where nothing is set up. The secrets are left out of the representation."""

    bbb_url: str = ""
    bbb_secret: str = field(default="", repr=False)
    jitsi_url: str = ""
    jitsi_app_id: str = ""
    jitsi_secret: str = field(default="", repr=False)


def provider_settings() -> ProviderSettings:
    """The settings in effect."""
    settings = get_installation().settings
    return ProviderSettings(
        **{name: getattr(settings, name) for name in ProviderSettings.__dataclass_fields__}
    )
