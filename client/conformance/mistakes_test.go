package conformance_test

// mistakes are what a wrong client does. The zero value is a right client.
type mistakes struct {
	retriesRefusal      bool // connects again after a refusal
	fallsBack           bool // speaks version 1 to a server that gives no welcome
	statesNothing       bool // leaves out what it should state
	readsWelcomeAtOnce  bool // takes one read for the whole welcome
	readsAnswersAtOnce  bool // takes one read for a whole answer
	assumesOneOutput    bool // does not learn outputs from the welcome
	neverSplits         bool // sends more vectors than are allowed
	trustsCounts        bool // takes an answer with a wrong count
	takesSpareAnswers   bool // keeps an answer to nobody for the next call
	keepsLateAnswers    bool // gives the answer to a call that timed out to the next call
	failsNeighbours     bool // fails all that is in flight with one request
	resendsFailed       bool // sends a failed request again
	forgetsPart         bool // takes the row of a request for the row of its call
	ignoresNotices      bool // goes on as before when the server goes away or changes the model
	rejectsNotices      bool // takes an unknown notice for a violation
	skipsNoPayload      bool // skips only the head of an unknown notice
	closesAtOnce        bool // closes both directions when the server goes away
	neverHalfCloses     bool // waits for the server's FIN when the server goes away
	resendsLost         bool // sends a request again after any end
	leavesOpen          bool // does not close its connections
	sendsWrongRows      bool // sends rows that do not fit
	ignoresInvalidShape bool // takes a welcome whose format is not valid
	limitsWelcome       bool // takes no welcome of more than 96 bytes
	expectsName         bool // takes no model of another name than most scenarios have, or of an unknown kind
	assumesDim          bool // takes no rows of another dim than most scenarios have
	mixesAnswers        bool // gives an answer to the latest request and not to the oldest
	takesEndForAnswer   bool // takes the end of the connection for an answer of zeros
	ignoresTimeouts     bool // waits for ever
	forgetsStatus       bool // does not tell why it was refused
}

// serverMistakes are what a wrong server does. The zero value is a right server.
type serverMistakes struct {
	identityChanges   bool // another identity on each connection
	refusesHighest    bool // names the fault of the highest status
	refusesVersion3   bool
	fieldsBeforeBody  bool // does not see that a body lacks its fields
	answersRefused    bool // serves after a refusal
	resetsRefused     bool // closes at once after a refusal
	rejectsLonger     bool // takes a longer body for malformed
	readsHelloAtOnce  bool // takes one read for a hello
	foldsNames        bool // names compare without case
	enforcesStated    bool // enforces the max_vectors of the hello
	servesOneAtATime  bool // no other connection while one has not ended
	ignoresHello2     bool // answers a second hello like the first
	endsSilently      bool // ends after a bad count without code 3
	code3First        bool // sends code 3 before the answers
	resetsViolation   bool // closes at once after a bad count
	version2To1       bool // sends code 3 in version 1
	failsNeighbours   bool // fails the request after a failed one too
	detailIsZero      bool // names row 0 in every failure
	failsInVersion1   bool // sends failures in version 1
	dropsAtFIN        bool // ends at the client's FIN without the answers to the last request
	answersHalf       bool // answers a request that has not come whole
	welcomesHalf      bool // welcomes half a hello at the client's FIN
	noSentence        bool // refuses without a sentence
	swapsAnswers      bool // answers every second pair in the wrong order
	staysOpen         bool // sends no FIN after a refusal
	limitIsOne        bool // takes no request of more than one vector
	welcomesVersion1  bool // welcomes a hello of version 1
	talksBeforeAnswer bool // sends a notice first, in version 1
	refusesItsLimit   bool // takes only hellos that state less than max_vectors
	failsOthers       bool // fails the next request of another connection too
}
