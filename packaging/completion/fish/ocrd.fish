# fish completion for ocrd(1): ocrd itself says what may come next
function __ocrd_ask
    env _OCRD_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$argv[1] \
        _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) ocrd 2>/dev/null
end
complete --command ocrd --condition "__ocrd_ask is-args" --no-files --arguments "(__ocrd_ask get-args)"
