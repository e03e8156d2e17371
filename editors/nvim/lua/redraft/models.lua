--- Which model is asked: listed, chosen, and asked from then on, as long as the server runs.
local M = {}

--- @class redraft.Model
--- @field name string
--- @field privacy 'embedded'|'local'|'cloud'
--- @field price { input: number, output: number }?
--- @field is_there boolean whether the file of an embedded one was fetched

local PLACES = { embedded = 'on this machine', ['local'] = 'your own server', cloud = 'hosted' }

--- @param model redraft.Model
local function shown(model, default)
  local parts = { PLACES[model.privacy] or model.privacy }
  if type(model.price) == 'table' and (model.price.input > 0 or model.price.output > 0) then
    table.insert(parts, ('$%g in, $%g out for a million tokens'):format(model.price.input, model.price.output))
  end
  if model.is_there == false then
    table.insert(parts, 'not fetched')
  end
  return ('%s%s (%s)'):format(model.name == default and '* ' or '  ', model.name, table.concat(parts, ', '))
end

--- What was said at the start stays, but for the model.
local function want(server, name)
  local options = vim.tbl_deep_extend('force', server.config.init_options or {}, { config = { default_model = name } })
  server:notify('workspace/didChangeConfiguration', { settings = { redraft = options } })
  vim.notify(('redraft: %s is asked from now on'):format(name))
end

--- @param name string? without one, its user is asked
function M.choose(name)
  local server = require('redraft').client()
  if not server then
    return
  end
  server:request('redraft/models', {}, function(err, answer)
    if err then
      return vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
    end
    if name then
      local is_known = vim.iter(answer.models):any(function(model) return model.name == name end)
      if not is_known then
        return vim.notify(('redraft: there is no model %q'):format(name), vim.log.levels.ERROR)
      end
      return want(server, name)
    end
    local function format(model)
      return shown(model, answer.default)
    end
    vim.ui.select(answer.models, { prompt = 'Redraft asks', kind = 'redraft', format_item = format }, function(model)
      if model then
        want(server, model.name)
      end
    end)
  end, vim.api.nvim_get_current_buf())
end

--- @return string[]
function M.names()
  local server = vim.lsp.get_clients({ bufnr = 0, name = 'redraft' })[1]
  local answer = server and server:request_sync('redraft/models', {}, 1000, 0)
  return vim.tbl_map(function(model) return model.name end, answer and answer.result and answer.result.models or {})
end

return M
