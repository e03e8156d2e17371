-- Commands and <Plug> mappings; nothing of Redraft is loaded before one of them is used.
if vim.g.loaded_redraft then
  return
end
vim.g.loaded_redraft = true

local command = vim.api.nvim_create_user_command

command('Redraft', function(call)
  local has_range = call.range > 0
  require('redraft').generate(call.args, has_range and call.line1 or nil, has_range and call.line2 or nil)
end, { nargs = '+', range = true, desc = 'Write what the instruction says, here or in place of the lines' })

command('RedraftPrompt', function(call)
  local has_range = call.range > 0
  local name, instruction = call.args:match('^(%S+)%s*(.*)$')
  require('redraft').prompt(name, {
    first = has_range and call.line1 or nil,
    last = has_range and call.line2 or nil,
    instruction = instruction ~= '' and instruction or nil,
  })
end, {
  nargs = '*',
  range = true,
  desc = 'Run a prompt by its name, or choose one',
  complete = function(lead, line)
    if line:match('RedraftPrompt%s+%S+%s') then
      return {}
    end
    return vim.tbl_filter(function(name) return vim.startswith(name, lead) end, require('redraft').names())
  end,
})

command('RedraftKeep', function() require('redraft').keep() end, { desc = 'Keep the draft' })
command('RedraftRevert', function() require('redraft').revert() end, { desc = 'Have back what stood there' })
command('RedraftStop', function() require('redraft').stop() end, { desc = 'End the run; what stands stays' })
command('RedraftAgain', function(call)
  require('redraft').again({ instruction = call.args ~= '' and call.args or nil })
end, { nargs = '*', desc = 'Write it again, or as the instruction says' })
command('RedraftModel', function(call)
  require('redraft').model(call.args ~= '' and call.args or nil)
end, {
  nargs = '?',
  desc = 'Have another model asked',
  complete = function(lead)
    return vim.tbl_filter(function(name) return vim.startswith(name, lead) end, require('redraft.models').names())
  end,
})
command('RedraftSent', function() require('redraft').sent() end, { desc = 'What the model was sent' })
command('RedraftAnswer', function() require('redraft').answer() end, { desc = 'What was explained last' })
command('RedraftUsage', function() require('redraft').usage() end, { desc = 'What was asked of models, and what it cost' })

for _, name in ipairs({ 'keep', 'revert', 'stop', 'again', 'sent', 'prompt', 'model' }) do
  vim.keymap.set('n', ('<Plug>(redraft-%s)'):format(name), function() require('redraft')[name]() end)
end
vim.keymap.set('x', '<Plug>(redraft-prompt)', ":RedraftPrompt<CR>")
vim.keymap.set('n', '<Plug>(redraft-explain)', function() require('redraft').run('explain') end)
