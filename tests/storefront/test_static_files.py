"""The store's stylesheet in one piece, as the demo and production serve it."""

import re

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import FileSystemStorage

from config import static_files
from config.settings import ROOT

STATIC = FileSystemStorage(ROOT / "static")


def _paths():
    names = [str(path.relative_to(ROOT / "static")) for path in (ROOT / "static" / "css").rglob("*.css")]
    return {name: (STATIC, name) for name in names}


def test_every_import_is_replaced_by_its_file_in_its_layer():
    index, whole = (ROOT / "static" / static_files.INDEX).read_text(), static_files.in_one_piece(static_files.INDEX, _paths())
    imports = re.findall(r'@import url\("(.+?)"\) layer\((.+?)\);', index)
    assert len(imports) > 30
    assert "@import" not in whole
    at = 0
    for path, layer in imports:
        found = whole.index(f"@layer {layer} {{\n{(ROOT / 'static' / 'css' / path).read_text()}}}", at)
        assert found >= at, f"{path} is out of its turn"
        at = found
    assert whole.startswith(index[: index.index("@import")])


def test_collectstatic_writes_it_under_its_hash(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    storage = static_files.Hashed(location=tmp_path)
    paths = _paths()
    for name, (_storage, path) in paths.items():
        with STATIC.open(path) as file:
            storage.save(name, file)
    written = {name: hashed for name, hashed, _processed in storage.post_process(paths)}
    assert re.fullmatch(r"css/store\.[0-9a-f]{12}\.css", written[static_files.INDEX])
    assert (tmp_path / written[static_files.INDEX]).read_text() == static_files.in_one_piece(static_files.INDEX, paths)
    assert "css/components/button.css" in written
    assert not isinstance(staticfiles_storage, static_files.Hashed)  # tests serve what is in the tree
