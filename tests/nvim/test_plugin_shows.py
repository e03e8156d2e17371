"""What the plugin shows: the lines that a run has written, how it stands, what was sent, what a prompt asks, and its progress."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_checks import CHECKER
from test_checks import STUB as WITH_EXAMPLE
from test_plugin import await_state
from test_streaming import LINES, STUB

MARKS = "vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('redraft'), 0, -1, { details = true })"
# The lines that are marked as written, and what is said behind which line.
SHOWN = f"""
local shown = {{ lines = {{}}, told = {{}} }}
for _, mark in ipairs({MARKS}) do
  local line, details = vim.api.nvim_buf_get_lines(0, mark[2], mark[2] + 1, true)[1], mark[4]
  if not details.invalid and details.hl_group == 'RedraftDraft' then table.insert(shown.lines, line) end
  if not details.invalid and details.virt_text then
    table.insert(shown.told, {{ line, vim.trim(details.virt_text[1][1]), details.virt_text[1][2] }})
  end
end
return shown
"""
HAS_REPORT = f"vim.iter({MARKS}):any(function(mark) return mark[4].virt_text and mark[4].virt_text[1][1]:find(args[1], 1, true) end)"
WRITTEN_LINES = [line.rstrip("\n") for line in LINES]


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def begin(plugin, model):
    plugin.go_to("raise NotImpl")
    plugin.nvim.command("RedraftPrompt implement")
    return model.next_call()


def test_written_lines_are_marked_until_the_draft_is_kept(plugin, model):
    call = begin(plugin, model)
    await_state(plugin, "asking")
    shown = plugin.lua(SHOWN)
    assert shown["lines"] == []
    assert [told[1] for told in shown["told"]] == ["redraft: asking (scripted)"]
    for number, line in enumerate(LINES):
        call.send(line)
        plugin.await_text(line.rstrip("\n"))
        shown = plugin.lua(SHOWN)
        assert shown["lines"] == WRITTEN_LINES[: number + 1]
        # Said once, behind the first line that it wrote.
        assert shown["told"] == [[WRITTEN_LINES[0], "redraft: streaming (scripted)", "RedraftState"]]
    # What is typed above moves it along, and is not marked itself.
    plugin.type("ggO# above<Esc>", "# above\n")
    plugin.go_to("result = 0")
    plugin.type("O# mine<Esc>", "# mine\n")
    assert plugin.lua(SHOWN)["lines"] == WRITTEN_LINES
    call.finish()
    await_state(plugin, "done")
    plugin.wait(HAS_REPORT, "how it stands", "checked 3/3")
    shown = plugin.lua(SHOWN)
    assert shown["lines"] == WRITTEN_LINES
    assert [told[0] for told in shown["told"]] == [WRITTEN_LINES[0]]
    plugin.nvim.command("RedraftKeep")
    await_state(plugin, "kept")
    assert plugin.lua(f"return {MARKS}") == []


def test_nothing_is_marked_of_what_is_undone_or_reverted(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.wait(HAS_REPORT, "how it stands", "checked 3/3")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    assert plugin.text() == STUB
    assert plugin.lua(f"return {MARKS}") == []
    plugin.go_to("raise NotImpl")
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done", 2)
    plugin.wait(HAS_REPORT, "how it stands", "checked 3/3")
    plugin.nvim.command("undo")
    await_state(plugin, "reverted", 2)
    assert plugin.lua(f"return {MARKS}") == []


def test_a_run_that_fails_leaves_no_mark(plugin, model):
    call = begin(plugin, model)
    call.send(LINES[0])
    plugin.await_text(LINES[0])
    model.answer_each(lambda call: call.break_off())
    call.break_off()
    await_state(plugin, "failed")
    plugin.await_text("raise NotImplementedError")
    assert plugin.text() == STUB
    assert plugin.lua(f"return {MARKS}") == []
    plugin.nvim.command("RedraftKeep")
    assert "nothing was written" in plugin.seen("messages")[-1]


def test_what_is_imported_is_marked_and_the_state_stands_at_the_body(plugin, model):
    header = 'def total(values: list[int]) -> int:\n    """Return the sum of the values."""\n'
    body = "    return reduce(lambda a, b: a + b, values, 0)\n"
    begin(plugin, model).answer(f"```python\nfrom functools import reduce\n\n{header}{body}```\n")
    await_state(plugin, "done")
    plugin.wait(HAS_REPORT, "how it stands", "checked 3/3")
    shown = plugin.lua(SHOWN)
    assert "from functools import reduce" in shown["lines"] and body.rstrip("\n") in shown["lines"], shown
    assert [told[0] for told in shown["told"]] == [body.rstrip("\n")], shown
    assert not set(shown["lines"]) & {"def above():", "    return 1", header.split("\n")[0]}, shown


def test_both_can_be_switched_off(open_plugin, model):
    plugin = open_plugin(STUB, highlight=False, virtual_text=False)
    call = begin(plugin, model)
    call.send(LINES[0])
    plugin.await_text(LINES[0])
    assert plugin.lua(SHOWN) == {"lines": [], "told": []}
    call.answer("".join(LINES[1:]))
    await_state(plugin, "done")
    # Asked for in vain, so that the report has come by now.
    plugin.flush()
    assert plugin.lua(SHOWN) == {"lines": [], "told": []}


def test_findings_that_are_left_are_told(open_plugin, model, environment, tmp_path: Path):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text() + CHECKER.format(folder=tmp_path.resolve(), python=sys.executable))
    plugin = open_plugin(WITH_EXAMPLE)
    begin(plugin, model).answer("    return len(values)\n")
    await_state(plugin, "done")
    plugin.wait(HAS_REPORT, "how it stands", "1 finding left")
    (told,) = plugin.lua(SHOWN)["told"]
    assert told[0] == "    return len(values)" and told[2] == "RedraftFindings"
    assert told[1].startswith("redraft: 1 finding left · checked "), told


def test_what_it_cost_is_told(open_plugin, model, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    price = "price = { input = 2.0, output = 10.0 }\n"
    config.write_text(config.read_text() + price)
    plugin = open_plugin(STUB)
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.wait(HAS_REPORT, "how it stands", "checked 3/3")
    # 100 tokens of the prompt and 20 of the answer.
    assert plugin.lua(SHOWN)["told"][0][1] == "redraft: checked 3/3 · $0.0004"


def test_progress_is_told_by_the_usual_events(plugin, model):
    """What fidget.nvim, noice.nvim and `vim.lsp.status()` show."""
    call = begin(plugin, model)
    call.send(LINES[0])
    plugin.await_text(LINES[0])
    call.answer("".join(LINES[1:]))
    await_state(plugin, "done")
    plugin.wait("#_G.seen.progress > 0 and _G.seen.progress[#_G.seen.progress].kind == 'end'", "the end")
    kinds = [value["kind"] for value in plugin.seen("progress")]
    assert kinds[0] == "begin" and kinds[-1] == "end" and set(kinds[1:-1]) == {"report"}, kinds
    assert plugin.seen("progress")[0]["title"] == "Implement `total`"


def test_what_was_sent_stands_in_a_split(plugin, model):
    plugin.nvim.command("RedraftSent")
    assert plugin.seen("messages")[-1] == "redraft: nothing was sent for this buffer yet"
    call = begin(plugin, model)
    call.answer("".join(LINES))
    await_state(plugin, "done")
    plugin.nvim.command("RedraftSent")
    plugin.wait("vim.bo.filetype == 'markdown'", "the page")
    page = plugin.text()
    assert page.startswith("# Implement `total`\n")
    for message in call.body["messages"]:
        assert message["content"].strip() in page
    assert not plugin.lua("return vim.bo.modifiable") and plugin.lua("return vim.bo.buftype") == "nofile"
    plugin.nvim.input("q")
    plugin.wait("vim.bo.filetype == 'python'", "the file")
    assert len(plugin.nvim.windows) == 1


def test_usage_stands_in_a_split(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.nvim.command("RedraftUsage")
    plugin.wait("vim.bo.filetype == 'markdown'", "the page")
    assert "| local/scripted | 1 | 100 | 20 |" in plugin.text(), plugin.text()


CONSTANT = """---
name: constant
description: A constant of the module
when: { languages: [python] }
replace: here
inputs:
  - name: name
    prompt: What is it called?
  - name: value
    prompt: What is it?
    default: "10"
---
A constant {{ input.name }} of the value {{ input.value }}.
"""
ASKED = """
_G.asked = {}
local answers = ...
vim.ui.input = function(options, done)
  table.insert(_G.asked, { options.prompt, options.default })
  local answer = table.remove(answers, 1)
  done(answer ~= vim.NIL and answer or nil)
end
vim.ui.select = function(items, options, done)
  local shown = vim.tbl_map(options.format_item, items)
  table.insert(_G.asked, shown)
  for index, item in ipairs(items) do
    if item.action == 'constant' then return done(item, index) end
  end
  done(nil)
end
"""


@pytest.fixture
def asking(open_plugin, environment):
    """Neovim with a prompt that wants to know two things."""
    prompts = Path(environment["REDRAFT_CONFIG"]).parent / "prompts"
    prompts.mkdir()
    (prompts / "constant.prompt.md").write_text(CONSTANT)
    return open_plugin(STUB)


def place_below(plugin) -> None:
    plugin.nvim.current.window.cursor = (plugin.line_of("def below"), 0)


@pytest.mark.parametrize("command", ["RedraftPrompt constant", "RedraftPrompt"], ids=["named", "chosen"])
def test_what_a_prompt_wants_to_know_is_asked(asking, model, command):
    asking.lua(ASKED, ["LIMIT", "12"])
    place_below(asking)
    asking.nvim.command(command)
    call = model.next_call()
    assert "A constant LIMIT of the value 12." in call.prompt
    *chosen, name, value = asking.lua("return _G.asked")
    assert (name, value) == (["What is it called?: "], ["What is it?: ", "10"])
    if command == "RedraftPrompt":
        assert any("A constant of the module" in shown for shown in chosen[0]), chosen
        assert any("Complete the code here" in shown for shown in chosen[0]), chosen
    call.answer("LIMIT = 12\n")
    await_state(asking, "done")
    assert "\nLIMIT = 12\n" in asking.text()


def test_who_cancels_an_input_has_cancelled_it_all(asking, model):
    asking.lua(ASKED, ["LIMIT", None])
    place_below(asking)
    asking.nvim.command("RedraftPrompt constant")
    asking.wait("#_G.asked == 2", "the questions")
    asking.flush()
    assert model.no_call_waits() and asking.text() == STUB


def test_its_place_follows_the_text_while_one_is_asked(asking, model):
    asking.lua("vim.ui.input = function(_, done) _G.tell = done end")
    place_below(asking)
    asking.nvim.command("RedraftPrompt constant")
    asking.wait("_G.tell ~= nil", "the first question")
    asking.lua("vim.api.nvim_buf_set_lines(0, 0, 0, true, { '# above' })")
    asking.lua("local tell = _G.tell; _G.tell = nil; tell('LIMIT')")
    asking.wait("_G.tell ~= nil", "the second question")
    asking.lua("_G.tell('10')")
    model.next_call().answer("LIMIT = 10\n")
    await_state(asking, "done")
    assert asking.text().startswith("# above\n" + STUB.partition("def below")[0].rstrip("\n")), asking.text()
    assert asking.text().index("return sum" if "return sum" in asking.text() else "raise") < asking.text().index("LIMIT = 10") < asking.text().index("def below")


HEALTHY = """
local program, config = ...
-- Without what records the session in the tests.
vim.lsp.config('redraft', { cmd = { 'env', 'REDRAFT_CONFIG=' .. config, program, 'serve' } })
vim.cmd('checkhealth redraft')
"""


def test_its_health_is_told(plugin, redraft, environment):
    plugin.lua(HEALTHY, redraft, environment["REDRAFT_CONFIG"])
    page = plugin.text()
    assert "ERROR" not in page and "WARNING" not in page, page
    assert "version: redraft 0." in page and "at work in" in page and "asks the model scripted" in page, page


def test_a_broken_configuration_is_told_by_its_health(plugin, redraft, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text() + "nonsense = 1\n")
    plugin.lua(HEALTHY, redraft, str(config))
    page = plugin.text()
    assert "ERROR" in page and "nonsense" in page, page


@pytest.mark.parametrize(("cmd", "told"), [
    ("{ '/nonexistent/redraft', 'serve' }", 'ERROR there is no program "/nonexistent/redraft"'),
    ("function() end", "`redraft doctor` cannot be asked: the server is started by a function"),
], ids=["no program", "a function"])
def test_its_health_is_of_what_neovim_starts(plugin, cmd, told):
    plugin.lua(f"vim.lsp.config('redraft', {{ cmd = {cmd} }}) vim.cmd('checkhealth redraft')")
    page = plugin.text()
    assert told in page.replace("❌ ", ""), page
    assert ("at work in" in page) == (cmd == "function() end"), page


SECOND = """
[[model]]
name = "second"
provider = "local"
id = "second-model"
"""


@pytest.mark.parametrize("command", ["RedraftModel second", "RedraftModel"], ids=["named", "chosen"])
def test_another_model_is_asked_from_now_on(open_plugin, model, environment, command):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text() + SECOND)
    plugin = open_plugin(STUB)
    plugin.lua(
        """
        vim.ui.select = function(items, options, done)
          _G.offered = vim.tbl_map(options.format_item, items)
          for _, item in ipairs(items) do if item.name == 'second' then done(item) end end
        end
        """
    )
    assert plugin.lua("return vim.fn.getcompletion('RedraftModel se', 'cmdline')") == ["second"]
    plugin.nvim.command(command)
    plugin.wait("#_G.seen.messages > 0", "what is asked from now on")
    assert plugin.seen("messages") == ["redraft: second is asked from now on"]
    if command == "RedraftModel":
        assert {"* scripted (your own server)", "  second (your own server)"} <= set(plugin.lua("return _G.offered"))
    call = begin(plugin, model)
    assert call.body["model"] == "second-model"
    call.answer("".join(LINES))
    await_state(plugin, "done")
    # What was said at the start holds: no further round.
    assert plugin.seen("status")[-1]["round"] == 1 and model.no_call_waits()


def test_a_model_that_is_not_there_is_told(plugin):
    plugin.nvim.command("RedraftModel nothing")
    plugin.wait("#_G.seen.messages > 0", "a message")
    assert plugin.seen("messages") == ['redraft: there is no model "nothing"']


def test_what_is_written_again_shows_its_state_at_the_draft(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    shown = plugin.lua(SHOWN)["told"]
    plugin.nvim.current.window.cursor = (1, 0)
    plugin.nvim.command("RedraftAgain")
    model.next_call()
    plugin.wait(HAS_REPORT, "its state", "asking")
    assert [told[0] for told in plugin.lua(SHOWN)["told"]] == ['    """Return the sum of the values."""'], shown
