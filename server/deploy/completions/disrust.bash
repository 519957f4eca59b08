# Completion of disrust for bash. Generated: do not edit.
_disrust() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= flags= files=
	if [[ $word == = ]]; then
		word=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case ${COMP_WORDS[1]} in
	plan|version|help|check|inspect|verify|score|top|doctor) ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]} ;;
	esac
	case $command$before in
	plan--host|plan--port|plan--listen|plan--unix-mode|plan--allow|plan--proxy-protocol|plan--io-threads|plan--dim|plan--max-vectors|plan--pool-mib|plan--request-ring|plan--response-ring|plan--max-conns|plan--request-timeout|plan--idle-timeout|plan--max-conn-age|plan--drain-delay|plan--drain-spread|plan--drain-timeout|plan--admin|plan--oip-http|plan--oip-grpc|plan--metrics-interval) COMPREPLY=($(compgen -W '' -- "$word")); return ;;
	plan--io) COMPREPLY=($(compgen -W 'auto uring epoll' -- "$word")); return ;;
	plan--batch-threads) COMPREPLY=($(compgen -W 'auto 0 1' -- "$word")); return ;;
	plan--wait) COMPREPLY=($(compgen -W 'auto spin yield block' -- "$word")); return ;;
	plan--model) COMPREPLY=($(compgen -f -W 'sum' -- "$word")); return ;;
	plan--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	plan--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	plan--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	plan--log-format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
	plan--log-level) COMPREPLY=($(compgen -W 'debug info warn error' -- "$word")); return ;;
	check--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	check--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	check--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	inspect--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	inspect--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	inspect--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	inspect--sort) COMPREPLY=($(compgen -W 'column splits gain' -- "$word")); return ;;
	verify--rows|verify--expect) COMPREPLY=($(compgen -f -W '' -- "$word")); return ;;
	verify--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	verify--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	verify--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	score--out|score-o) COMPREPLY=($(compgen -f -W '' -- "$word")); return ;;
	score--header) COMPREPLY=($(compgen -W 'auto names skip none' -- "$word")); return ;;
	score--threads) COMPREPLY=($(compgen -W '' -- "$word")); return ;;
	score--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	score--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	score--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	top--admin|top--interval) COMPREPLY=($(compgen -W '' -- "$word")); return ;;
	--host|--port|--listen|--unix-mode|--allow|--proxy-protocol|--io-threads|--dim|--max-vectors|--pool-mib|--request-ring|--response-ring|--max-conns|--request-timeout|--idle-timeout|--max-conn-age|--drain-delay|--drain-spread|--drain-timeout|--admin|--oip-http|--oip-grpc|--metrics-interval) COMPREPLY=($(compgen -W '' -- "$word")); return ;;
	--io) COMPREPLY=($(compgen -W 'auto uring epoll' -- "$word")); return ;;
	--batch-threads) COMPREPLY=($(compgen -W 'auto 0 1' -- "$word")); return ;;
	--wait) COMPREPLY=($(compgen -W 'auto spin yield block' -- "$word")); return ;;
	--model) COMPREPLY=($(compgen -f -W 'sum' -- "$word")); return ;;
	--output) COMPREPLY=($(compgen -W 'raw prob class' -- "$word")); return ;;
	--iterations) COMPREPLY=($(compgen -W 'all best' -- "$word")); return ;;
	--kernel) COMPREPLY=($(compgen -W 'auto portable avx2 avx512' -- "$word")); return ;;
	--log-format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
	--log-level) COMPREPLY=($(compgen -W 'debug info warn error' -- "$word")); return ;;
	esac
	case $command in
	plan) flags='--host --port --listen --unix-mode --share-port --allow --proxy-protocol --io --io-threads --batch-threads --wait --pin --model --dim --output --iterations --kernel --watch --max-vectors --pool-mib --request-ring --response-ring --max-conns --request-timeout --idle-timeout --max-conn-age --drain-delay --drain-spread --drain-timeout --admin --oip-http --oip-grpc --metrics --metrics-interval --log-format --log-level --until-eof --plan' files= ;;
	version) flags='' files= ;;
	help) flags='' files= ;;
	check) flags='--output --iterations --kernel --json' files=-f ;;
	inspect) flags='--output --iterations --kernel --sort --json' files=-f ;;
	verify) flags='--rows --expect --json --output --iterations --kernel' files=-f ;;
	score) flags='--out -o --cast --header --threads --json --output --iterations --kernel' files=-f ;;
	top) flags='--admin --interval --once' files= ;;
	doctor) flags='--json' files= ;;
	'') flags='--host --port --listen --unix-mode --share-port --allow --proxy-protocol --io --io-threads --batch-threads --wait --pin --model --dim --output --iterations --kernel --watch --max-vectors --pool-mib --request-ring --response-ring --max-conns --request-timeout --idle-timeout --max-conn-age --drain-delay --drain-spread --drain-timeout --admin --oip-http --oip-grpc --metrics --metrics-interval --log-format --log-level --until-eof --plan' files= ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$word"))
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W 'plan version help check inspect verify score top doctor' -- "$word"))
	else
		COMPREPLY=($(compgen $files -- "$word"))
	fi
}
complete -o filenames -F _disrust disrust
