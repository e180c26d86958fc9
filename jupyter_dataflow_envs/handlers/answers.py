"""Domain objects as the JSON of the interface."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from ..domain.clock import to_text
from ..domain.permissions import Person, Situation, actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..domain.environment import Environment, LocalOrigin
    from ..domain.lock import LockDiff
    from ..domain.origins import ExplainedPackage
    from ..domain.policy import Policy, Violation
    from ..domain.review import Review
    from ..domain.spec import EnvironmentSpec
    from ..domain.version import Progress, Version
    from ..models import (
        ActionAnswer,
        BaseAnswer,
        ComparedAnswer,
        DiffAnswer,
        EnvironmentAnswer,
        LocalOriginAnswer,
        LookAlikeAnswer,
        PackageAnswer,
        PolicyAnswer,
        PreviewAnswer,
        ProgressAnswer,
        ReviewAnswer,
        ReviewPageAnswer,
        SideAnswer,
        VersionAnswer,
        VersionSummary,
        ViolatingAnswer,
        ViolationAnswer,
    )
    from ..service.comparison import Compared, Side
    from ..service.policies import Violating
    from ..service.reviews import ReviewPage
    from ..service.solver import Preview
    from ..service.versions import VersionDetails

SITUATIONS = 4096
"""Kept with their actions in JSON, some 3 kB each."""


def environment_answer(environment: Environment, person: Person) -> EnvironmentAnswer:
    """As this person may see it."""
    latest, spec, deprecated = environment.latest, environment.spec, environment.deprecated
    return {
        "short_name": environment.short_name,
        "full_name": environment.full_name,
        "description": environment.description,
        "owner": environment.owner,
        "base": base_answer(spec),
        "python_version": spec.python_version or None,
        "conda_requirements": list(spec.conda_requirements),
        "pip_requirements": list(spec.pip_requirements),
        "status": environment.status.value,
        "phase": latest.phase if latest else None,  # type: ignore[typeddict-item]
        "progress": _progress(latest.progress) if latest else None,
        "queue_position": latest.queue_position if latest else None,
        "modified": environment.modified,
        "latest_version": latest.number if latest else None,
        "usable_version": environment.usable_by(person.name),
        "published_version": environment.published,
        "failure": latest.reason if latest else None,
        "deprecated": {"reason": deprecated.reason, "at": to_text(deprecated.at)} if deprecated else None,
        "review": review_answer(environment.review, environment.short_name) if environment.review else None,
        "copied_from": _origin(environment.copied_from),
        "active": environment.active,
        "draft_active": environment.draft_active,
        "kernel_name": f"dataflow-{environment.short_name}",
        "usage": {
            "active_people": environment.usage.active_people,
            "last_started": _time(environment.usage.last_started),
        },
        "actions": actions_answer(Situation.of(environment, person)),
        "created_at": to_text(environment.created_at),
        "updated_at": to_text(environment.updated_at),
        "etag": environment.etag,
    }


def _origin(origin: LocalOrigin | None) -> LocalOriginAnswer | None:
    return {"name": origin.name, "prefix": origin.prefix, "at": to_text(origin.at)} if origin else None


@lru_cache(SITUATIONS)
def actions_answer(situation: Situation) -> dict[str, ActionAnswer]:
    """Shared by all environments in the same situation: not to be changed."""
    return {
        action.value: {"allowed": decision.allowed, "reason": decision.reason}
        for action, decision in actions(situation).items()
    }


def base_answer(spec: EnvironmentSpec) -> BaseAnswer | None:
    return {"short_name": spec.base.short_name, "version": spec.base.version} if spec.base else None


def review_answer(review: Review, short_name: str) -> ReviewAnswer:
    return {
        "id": review.id,
        "short_name": short_name,
        "version": review.version,
        "digest": review.digest,
        "state": review.state.value,
        "note": review.note,
        "submitted_by": review.submitted_by,
        "submitted_at": to_text(review.submitted_at),
        "decided_by": review.decided_by,
        "decided_at": _time(review.decided_at),
        "comment": review.comment,
    }


def review_page_answer(page: ReviewPage, person: Person) -> ReviewPageAnswer:
    return {
        "review": review_answer(page.review, page.environment.short_name),
        "environment": environment_answer(page.environment, person),
        "reviewed": version_summary(page.version),
        "changes": diff_answer(page.changes, page.packages) if page.changes else None,
        "look_alikes": [cast("LookAlikeAnswer", asdict(a)) for a in page.look_alikes],
        "violations": violations_answer(page.violations),
    }


def violations_answer(violations: Sequence[Violation]) -> list[ViolationAnswer]:
    return [cast("ViolationAnswer", asdict(v)) for v in violations]


def compared_answer(compared: Compared) -> ComparedAnswer:
    return {
        "left": _side(compared.left),
        "right": _side(compared.right),
        **diff_answer(compared.diff, compared.right.packages, compared.left.packages),
    }


def _side(side: Side) -> SideAnswer:
    version = side.version
    return {
        "short_name": side.short_name,
        "version": version.number,
        "digest": version.digest,
        "python": version.python,
    }


def violating_answer(violating: Violating) -> ViolatingAnswer:
    return {
        "short_name": violating.short_name,
        "version": violating.version,
        "owner": violating.owner,
        "violations": violations_answer(violating.violations),
    }


def version_summary(version: Version) -> VersionSummary:
    return {
        "number": version.number,
        "attempt": version.attempt,
        "outcome": version.outcome.value,
        "reason": version.reason,
        "requested": {
            "base": base_answer(version.requested),
            "python_version": version.requested.python_version or None,
            "conda_requirements": list(version.requested.conda_requirements),
            "pip_requirements": list(version.requested.pip_requirements),
        },
        "digest": version.digest,
        "python": version.python,
        "size": version.size,
        "installed": version.prefix_id is not None,
        "phase": version.phase,  # type: ignore[typeddict-item]
        "progress": _progress(version.progress),
        "phases": [{"name": s.name, "duration": s.duration} for s in version.steps],
        "pin_installed": version.pin_installed,
        "reverted_from": version.reverted_from,
        "warnings": list(version.warnings),
        "created_by": version.created_by,
        "created_at": to_text(version.created_at),
        "started_at": _time(version.started_at),
        "finished_at": _time(version.finished_at),
        "duration": version.duration,
    }


def version_answer(details: VersionDetails) -> VersionAnswer:
    return {
        **version_summary(details.version),
        "packages": [package_answer(p) for p in details.packages],
        "attempts": [
            {
                "attempt": a.number,
                "outcome": a.outcome.value,
                "reason": a.reason,
                "started_at": _time(a.started_at),
                "finished_at": _time(a.finished_at),
            }
            for a in details.attempts
        ],
    }


def package_answer(explained: ExplainedPackage) -> PackageAnswer:
    package = explained.package
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "manager": package.manager,
        "channel": package.channel,
        "size": package.size,
        "license": package.license,
        "requested": explained.requested,
        "origin": explained.origin,
    }


def preview_answer(preview: Preview) -> PreviewAnswer:
    return {
        "packages": [package_answer(p) for p in preview.packages],
        "digest": preview.lock.digest,
        "diff": diff_answer(preview.diff, preview.packages),
        "download_size": preview.download_size,
        "pip_resolved": preview.pip_resolved,
    }


def diff_answer(
    diff: LockDiff, explained: Sequence[ExplainedPackage], before: Sequence[ExplainedPackage] = ()
) -> DiffAnswer:
    """`explained`: the packages of the right side; those of the left are shown without what asked for them, unless
    `before` tells it."""
    from ..domain.origins import ExplainedPackage

    known = {e.package.identity: e for e in explained}
    gone = {e.package.identity: e for e in before}
    return {
        "added": [package_answer(known[p.identity]) for p in diff.added],
        "removed": [
            package_answer(gone.get(p.identity) or ExplainedPackage(p, None, "dependency")) for p in diff.removed
        ],
        "changed": [
            {
                "name": c.right.name,
                "manager": c.right.manager,
                "left": c.left.version,
                "right": c.right.version,
                "direction": c.direction,
            }
            for c in diff.changed
        ],
        "unchanged": [package_answer(known[p.identity]) for p in diff.unchanged],
    }


def policy_answer(policy: Policy) -> PolicyAnswer:
    return cast("PolicyAnswer", policy.to_json())


def _progress(progress: Progress | None) -> ProgressAnswer | None:
    return cast("ProgressAnswer", asdict(progress)) if progress else None


def _time(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None
