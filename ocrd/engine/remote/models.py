"""Which of a server's models is asked."""

from __future__ import annotations

from http import HTTPStatus

from ocrd.engine.remote.profiles import ANY, of_model
from ocrd.engine.remote.talk import Model, Refused, ServerAway, Talker

AUTO = "auto"
_SHOWN = 5  # models in a message
_NO_LIST = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


def of_server(talker: Talker, wanted: str) -> Model:
    """Return the model to ask a server for; raise ServerAway, ServerBusy or Refused."""
    try:
        found = talker.models()
    except Refused as error:
        if wanted == AUTO or error.status not in _NO_LIST:
            raise
        return Model(wanted)  # there are servers without a list
    return chosen(found, wanted)


def chosen(found: list[Model], wanted: str) -> Model:
    """Return one of the models that a server has; raise Refused or ServerAway.

    With "auto" it is the first that a profile is made for, or else the first.
    """
    if not found:
        if wanted != AUTO:
            return Model(wanted)
        raise ServerAway("it has no model")
    if wanted == AUTO:
        able = (model for model in found if of_model(model.name).name != ANY)
        return next(able, found[0])
    for model in found:
        if model.name == wanted:
            return model
    names = ", ".join(model.name for model in found[:_SHOWN])
    raise Refused(HTTPStatus.NOT_FOUND, f"it has no model {wanted}, but {names}")
