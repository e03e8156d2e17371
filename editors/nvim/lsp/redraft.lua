-- What `vim.lsp.enable('redraft')` starts.
return require('redraft.config').lsp()
