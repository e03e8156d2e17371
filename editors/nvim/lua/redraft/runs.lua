--- The runs that this Neovim knows of. Their names are the server's, and two projects have two servers.
local M = { all = {} }

local AT_WORK = { gathering = true, asking = true, streaming = true, checking = true, refining = true }

--- The places of what was begun again, by client, until the run has a name; and how many runs there were.
local awaited, count = {}, 0

--- @class redraft.Run
--- @field client integer
--- @field name string
--- @field buffer integer?
--- @field anchor integer? the extmark at its place
--- @field lines table<integer, true> the extmarks of the lines that it has written
--- @field order integer the later it began, the higher
--- @field state string?
--- @field has_told boolean? whether it was answered in words
--- @field report table? what `redraft/report` answered once it was done

--- @param client integer
--- @param name string
--- @return redraft.Run, boolean whether it is new
function M.get(client, name)
  local key = client .. '/' .. name
  local is_new = not M.all[key]
  if is_new then
    count = count + 1
    M.all[key] = { client = client, name = name, order = count, lines = {} }
  end
  return M.all[key], is_new
end

--- What is written again is a run of its own, which begins without a command's answer.
--- @param client integer
--- @param place { buffer: integer, row: integer }
function M.await(client, place)
  awaited[client] = place
end

--- The place that a new run in this document takes, if it is one that was begun again.
--- @param client integer
--- @param uri string
--- @return { buffer: integer, row: integer }?
function M.awaited(client, uri)
  local place = awaited[client]
  if place and vim.api.nvim_buf_is_valid(place.buffer) and vim.uri_from_bufnr(place.buffer) == uri then
    awaited[client] = nil
    return place
  end
end

--- What was begun again has its place from elsewhere, or comes no more.
--- @param client integer
function M.expect_none(client)
  awaited[client] = nil
end

--- @param run redraft.Run
function M.is_at_work(run)
  return AT_WORK[run.state] or false
end

--- Whether it is over, and may be gone on from.
--- @param run redraft.Run
function M.stands(run)
  return run.state == 'done' or run.state == 'cancelled'
end

--- Whether there may be something that can be kept or reverted: what was answered in words wrote nothing.
--- @param run redraft.Run
function M.has_draft(run)
  return M.stands(run) and not run.has_told
end

--- The runs of a buffer, the latest first.
--- @param buffer integer
--- @param is_meant (fun(run: redraft.Run): boolean)?
--- @return redraft.Run[]
function M.of(buffer, is_meant)
  local found = {}
  for _, run in pairs(M.all) do
    if run.buffer == buffer and (not is_meant or is_meant(run)) then
      table.insert(found, run)
    end
  end
  table.sort(found, function(one, other) return one.order > other.order end)
  return found
end

--- Forgets the runs whose buffer or server is gone, and returns them.
--- @param is_gone fun(run: redraft.Run): boolean
--- @return redraft.Run[]
function M.forget(is_gone)
  local gone = vim.tbl_filter(is_gone, vim.tbl_values(M.all))
  for _, run in ipairs(gone) do
    M.all[run.client .. '/' .. run.name] = nil
  end
  return gone
end

return M
