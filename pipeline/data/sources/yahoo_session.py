"""A session with yfinance: its errors raised, its cache in our folder, its requests counted."""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs

NOISY_LOGGERS = ("yfinance", "peewee")  # what they log is raised as an exception, too


@contextmanager
def open_yahoo_session(before_request: Callable[[], None]) -> Iterator[Any]:
    """Open a context with a session for ``yfinance.Ticker``; yfinance's settings are restored.

    Inside it yfinance raises its errors, and keeps its cache in volcast's own folder.

    Parameters
    ----------
    before_request
        Called before every single request; it waits until the request may be sent.
    """
    with _prefer_own_symbols():
        import yfinance
    from yfinance.data import YfData

    yfinance.set_tz_cache_location(str(Path(platformdirs.user_cache_dir("volcast")) / "yfinance"))
    hidden = yfinance.config.debug.hide_exceptions
    levels = {name: logging.getLogger(name).level for name in NOISY_LOGGERS}
    former = YfData()._session
    yfinance.config.debug.hide_exceptions = False
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # yfinance 1.7 uses keywords that pandas is about to drop.
            warnings.filterwarnings(
                "ignore", category=pd.errors.Pandas4Warning, module=r"yfinance\."
            )
            yield _build_session(before_request)
    finally:
        yfinance.config.debug.hide_exceptions = hidden
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        YfData(session=former)


def _build_session(before_request: Callable[[], None]) -> Any:
    """Return yfinance's own kind of session, which calls ``before_request`` before each request.

    yfinance sends more than was requested: cookies, a crumb, a timezone, and after an error all of
    it again. All of that is counted, because Yahoo counts it.
    """
    from yfinance._http import new_session

    session = new_session()
    send = session.request

    def request(*arguments: Any, **options: Any) -> Any:
        before_request()
        return send(*arguments, **options)

    session.request = request
    return session


@contextmanager
def _prefer_own_symbols() -> Iterator[None]:
    """Let libraries that are loaded inside this context prefer their own symbols.

    TensorFlow and curl_cffi, yfinance's client, each contain a TLS library of the same names. If
    TensorFlow was loaded first, curl_cffi would call into the wrong one and refuse to work.
    """
    prefer_own = getattr(os, "RTLD_DEEPBIND", 0)  # Linux; other systems keep them apart anyway
    if not prefer_own:
        yield
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | prefer_own)
    try:
        yield
    finally:
        sys.setdlopenflags(flags)
