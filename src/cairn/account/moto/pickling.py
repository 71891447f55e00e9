"""Backends' state as bytes: pickle, taught what moto keeps in its objects that pickle cannot carry.

References to backends stay references; locks and threads come back fresh; lambdas travel as code, which is sound
since a snapshot is read only by the same Python and the same moto, from a file that is ours (`snapshots`).
"""

from __future__ import annotations

import importlib
import io
import marshal
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.kms.models import Key as KmsKey

from cairn.account.moto.backends import BackendKey, backend_at, backend_dict, key_of
from cairn.account.moto.constants import CONSTANTS

_Reduced = tuple[Any, ...]
_Rule = Callable[[Any], Any]

_DER = serialization.Encoding.DER


class StatePickler(pickle.Pickler):
    """Writes the state of backends, and tells what it met on the way."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.instances: set[int] = set()
        """Ids of moto's own objects in this state: two backends that share one must be saved together."""
        self.references: dict[int, BaseBackend] = {}
        """Backends that this state refers to, itself among them."""

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        rule = _rules.get(kind)
        if rule is None:
            rule = _rules[kind] = _rule_for(kind)
        if rule is _instance:
            constant = CONSTANTS.name_of(obj)
            if constant is not None:
                return _constant, constant
            self.instances.add(id(obj))
            return NotImplemented
        if rule is _backend:
            self.references[id(obj)] = obj
        return rule(obj)


def dump(state: Any) -> tuple[bytes, set[int], dict[int, BaseBackend]]:
    """`state` as bytes, the ids of moto's objects in it, and the backends it refers to.

    Raises:
        Exception: something in it cannot be pickled (pickle has no one error for that).
    """
    file = io.BytesIO()
    pickler = StatePickler(file)
    pickler.dump(state)
    return file.getvalue(), pickler.instances, pickler.references


def load(content: bytes) -> Any:
    """What `dump` wrote. Only for bytes whose authenticity was checked."""
    return pickle.loads(content)  # noqa: S301 - `store` checked where it comes from


# What comes back --------------------------------------------------------------------------------------------------


def _constant(backend: BaseBackend, attribute: str, key: Any) -> Any:
    return CONSTANTS.named(backend, attribute, key)


def _backend_dict_entry(module: str, cls: str, account: str) -> Any:
    return backend_dict(module, cls)[account]


def _kms_key(key: BackendKey, key_id: str) -> Any:
    return backend_at(key).keys[key_id]


def _ended_thread() -> None:
    return None


def _function(code: bytes, module: str, qualname: str, defaults: Any, kwdefaults: Any, cells: list[Any]) -> Any:
    closure = tuple(types.CellType(value) for value in cells)
    made = types.FunctionType(
        marshal.loads(code),  # noqa: S302 - authenticated, like the pickle it stands in
        vars(importlib.import_module(module)),
        qualname.rpartition(".")[2],
        defaults,
        closure,
    )
    made.__kwdefaults__ = kwdefaults
    made.__qualname__ = qualname
    return made


def _bare(kind: Any) -> Any:
    return kind.__new__(kind)


def _fill(mapping: Any, state: tuple[dict[str, Any], Any, dict[Any, Any]]) -> None:
    attributes, factory, items = state
    if factory is not None:
        mapping.default_factory = factory
    vars(mapping).update(attributes)
    dict.update(mapping, items)


def _dead() -> None:
    return None


def _weak(target: Any) -> Any:
    return weakref.ref(target)


def _private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


def _public_key(der: bytes) -> Any:
    return serialization.load_der_public_key(der)


def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _signing_request(der: bytes) -> x509.CertificateSigningRequest:
    return x509.load_der_x509_csr(der)


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _weak_values(items: dict[Any, Any]) -> Any:
    return weakref.WeakValueDictionary(items)


# What goes out ----------------------------------------------------------------------------------------------------


def _plain(_: Any) -> Any:
    return NotImplemented


def _instance(_: Any) -> Any:
    return NotImplemented


def _backend(backend: BaseBackend) -> _Reduced:
    return backend_at, (key_of(backend),)


def _all_backends(backends: BackendDict[Any]) -> _Reduced:
    return backend_dict, (backends.backend.__module__, backends.backend.__qualname__)


def _account_backends(backends: AccountSpecificBackend[Any]) -> _Reduced:
    kind = backends.backend
    return _backend_dict_entry, (kind.__module__, kind.__qualname__, backends.account_id)


def _key_of_kms(key: KmsKey) -> _Reduced:
    """Keys live in KMS's own document (`kms_document`); others only refer to them."""
    return _kms_key, (BackendKey("moto.kms.models", "KmsBackend", key.account_id, key.region), key.id)


def _reduce_function(function: types.FunctionType) -> Any:
    module = sys.modules.get(function.__module__)
    found: Any = module
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is function:
        return NotImplemented  # by name
    return _function, (
        marshal.dumps(function.__code__),
        function.__module__,
        function.__qualname__,
        function.__defaults__,
        function.__kwdefaults__,
        [cell.cell_contents for cell in function.__closure__ or ()],
    )


def _reduce_ref(reference: weakref.ref[Any]) -> _Reduced:
    target = reference()
    return (_dead, ()) if target is None else (_weak, (target,))


def _reduce_proxy(proxy: Any) -> _Reduced:
    return weakref.proxy, (proxy.__init__.__self__,)  # a proxied object's bound method knows the object


def _reduce_mapping(mapping: Any) -> _Reduced:
    """A dictionary of moto's own kind, whose constructor and `__setitem__` may want more than pickle gives them."""
    state = (vars(mapping), getattr(mapping, "default_factory", None), dict(dict.items(mapping)))
    return _bare, (type(mapping),), state, None, None, _fill


def _reduce_private_key(key: Any) -> _Reduced:
    plain = serialization.NoEncryption()
    return _private_key, (key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, plain),)


def _reduce_public_key(key: Any) -> _Reduced:
    return _public_key, (key.public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo),)


def _rule_for(kind: type) -> _Rule:
    for base, rule in _BY_BASE:
        if issubclass(kind, base):
            return rule
    if kind.__module__.startswith("cryptography."):
        if hasattr(kind, "private_bytes"):
            return _reduce_private_key
        if hasattr(kind, "public_bytes"):
            return _reduce_public_key
    if not kind.__module__.startswith("moto.") or issubclass(kind, type | BaseException):
        return _plain
    return _reduce_mapping if issubclass(kind, dict) else _instance


_BY_BASE: list[tuple[Any, _Rule]] = [
    (BaseBackend, _backend),
    (BackendDict, _all_backends),
    (AccountSpecificBackend, _account_backends),
    (KmsKey, _key_of_kms),
    (types.FunctionType, _reduce_function),
    (types.ModuleType, lambda module: (importlib.import_module, (module.__name__,))),
    (type(threading.Lock()), lambda _: (threading.Lock, ())),
    (type(threading.RLock()), lambda _: (threading.RLock, ())),
    (threading.Condition, lambda _: (threading.Condition, ())),
    (threading.Event, lambda event: (_event, (event.is_set(),))),
    (threading.Thread, lambda _: (_ended_thread, ())),
    (weakref.WeakValueDictionary, lambda weak: (_weak_values, (dict(weak),))),
    (weakref.ref, _reduce_ref),
    (weakref.ProxyType, _reduce_proxy),
    (type({}.keys()), lambda view: (list, (list(view),))),
    (type({}.values()), lambda view: (list, (list(view),))),
    (type({}.items()), lambda view: (list, (list(view),))),
    (x509.Certificate, lambda made: (_certificate, (made.public_bytes(_DER),))),
    (x509.CertificateSigningRequest, lambda made: (_signing_request, (made.public_bytes(_DER),))),
]


_rules: dict[type, _Rule] = {}
