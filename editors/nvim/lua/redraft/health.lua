--- `:checkhealth redraft`.
local M = {}

function M.check()
  local health = vim.health
  health.start('redraft')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error('Neovim 0.11 or newer is needed')
    return
  end
  local program = require('redraft.config').options.cmd[1]
  if vim.fn.executable(program) == 0 then
    health.error(('there is no program %q'):format(program), { 'install Redraft, or say where it is: require("redraft").setup{ cmd = { "/path/to/redraft", "serve" } }' })
    return
  end
  local ran = vim.system({ program, '--version' }, { text = true }):wait(10000)
  health.ok(vim.trim(ran.stdout or '') .. ' (' .. vim.fn.exepath(program) .. ')')
  local checked = vim.system({ program, 'config', 'check' }, { text = true }):wait(10000)
  local told = vim.trim((checked.stdout or '') .. (checked.stderr or ''))
  if checked.code == 0 then
    health.ok(told)
  else
    health.error(told, { 'mend the configuration file that it names' })
  end
  local clients = vim.lsp.get_clients({ name = 'redraft' })
  if #clients == 0 then
    health.info('the server is at work in no buffer; it starts with a file of a language that it writes')
  end
  for _, client in ipairs(clients) do
    health.ok(('the server is at work in %s'):format(client.root_dir or 'files without a project'))
  end
end

return M
