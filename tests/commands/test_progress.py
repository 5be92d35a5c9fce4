import pytest

from dualspike.progress import progress_bar


def test_a_bar_is_drawn_for_people_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    with progress_bar("train", 2) as show:
        show(1, 0.25)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes the stream for a terminal then
    with progress_bar("train", 2) as show:
        show(1, 0.25)
    out, err = capsys.readouterr()
    assert out == ""
    assert "train" in err
    assert "loss 2.50e-01" in err
