import { list, PHRASES } from "./category-phrases.ts";
import type { Reason } from "./reason.ts";

/**
 * Signs of each reason, for failures that are sent without one. Columns are ordered from strong to
 * weak evidence and are tried in that order over all rows; within a column a higher row wins. More
 * cells do not make a lookup slower. docs/reference/categorization.md explains how to add some.
 *
 * Ambiguous signs are left out on purpose and become UNKNOWN_ERROR: a wrong reason retries in a
 * wrong way and misleads the reader.
 */
export interface Category {
  reason: Reason;
  /** gRPC status codes. */
  grpc?: readonly number[];
  /** HTTP status codes. */
  http?: readonly number[];
  /** Exception names: bare ("ReadTimeout"), or with the first or last part of their package. */
  types?: readonly string[];
  /** Phrases in exception names that no row lists; see phrase-matcher. */
  typeParts?: readonly string[];
  /** Code words such as errno and SQLSTATE, anywhere in type or message. */
  codes?: readonly string[];
  /** Phrases of a message. */
  text?: readonly string[];
}

/**
 * Decisions that are not obvious:
 * - gRPC CANCELLED, UNKNOWN, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED and DATA_LOSS
 *   do not name a cause: the weaker columns decide.
 * - HTTP: an error status of an endpoint is WEBHOOK_FAILED, including 404, 410, 502 and 503
 *   (restarts take minutes, not the seconds of NETWORK_ERROR). The exceptions are statuses with a
 *   clearer cause: our input, our credentials, too many requests, a timeout.
 * - Certificates that fail verification are NETWORK_ERROR: our credentials are not the cause.
 * - "Permission denied", by a service or a file system, is AUTHENTICATION_ERROR: somebody must
 *   grant access.
 * - ValueError and IllegalArgumentException are VALIDATION_FAILED: a value was checked and refused.
 *   KeyError and similar are EXECUTION_FAILED.
 * - A full pool is RESOURCE_EXHAUSTED even if the client calls it a timeout.
 * - A conflict with another transaction is UNKNOWN_ERROR. It has its own row, so that weaker
 *   evidence does not give it another reason.
 * - SQLSTATE: its class decides. SQL that the database cannot parse is EXECUTION_FAILED; a value
 *   that it refuses is VALIDATION_FAILED.
 * - A wrong protocol, or a response that breaks off, is NETWORK_ERROR.
 */
export const CATEGORIES: readonly Category[] = [
  // Conflicts between transactions, and resources of AWS that do not exist.
  {
    reason: "UNKNOWN_ERROR",
    types: list(`
      ConditionalCheckFailedException, TransactionCanceledException, SerializationFailure,
      SerializationError, DeadlockDetected, DeadlockDetectedError, OptimisticLockException,
      CannotAcquireLockException, PessimisticLockingFailureException,
      DeadlockLoserDataAccessException, ConcurrencyFailureException, LockAcquisitionException,
      StaleObjectStateException, CannotSerializeTransactionException, ResourceNotFoundException,
      QueueDoesNotExist, QueueDoesNotExistException
    `),
    codes: list("ER_LOCK_DEADLOCK, SQLSTATE 40*, SqlState E40*, 40P01"),
  },
  {
    reason: "RESOURCE_EXHAUSTED",
    grpc: [8],
    http: [429, 507, 509, 529],
    types: list(`
      MemoryError, SlowDown, TooManyRequests, TooManyRequestsError, TooManyRequestsException,
      LimitExceededException, ProvisionedThroughputExceededException, RejectedExecutionException,
      PoolTimeout, ConnectionPoolTimeoutException, TooManyConnections, BulkheadFullException,
      ConnectionRequestTimeoutException, MaxConnectionsError, QueueFull, TryAcquireError,
      queue.Full, DiskFull, TooManyConnectionsError, RequestNotPermitted, BufferExhaustedException,
      ServerBusy
    `),
    typeParts: list(`
      *ratelimit*, *throttl*, *quota*, *resourceexhausted*, *outofmemory*, *toomanyrequests*,
      *toomanyconnections*, *overloaded*, *bulkheadfull*, *poolexhausted*, *acquiretimeout*,
      *limitexceeded*, *queuefull*, *bulkhead*
    `),
    codes: list(`
      ENOSPC, EMFILE, ENFILE, ENOMEM, EDQUOT, ENOBUFS, EAGAIN, RESOURCE_EXHAUSTED,
      ERR_WORKER_OUT_OF_MEMORY, ResourceExhausted, ER_CON_COUNT_ERROR,
      ER_TOO_MANY_USER_CONNECTIONS, ER_RECORD_FILE_FULL, ER_DISK_FULL, SQLSTATE 53*, SqlState E53*,
      PoolTimedOut, RequestLimitExceeded, ServerBusy, *Throttled, *Throttling, QuotaExceeded,
      *RateLimitExceeded, MEMORY_LIMIT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, RESOURCE_ERROR,
      ESEMLOCKED
    `),
    text: PHRASES.RESOURCE_EXHAUSTED,
  },
  {
    reason: "TIMEOUT",
    grpc: [4],
    http: [408, 504, 522, 524, 598, 599],
    types: list("Elapsed, SoftTimeLimitExceeded, TimeLimitExceeded"),
    typeParts: list("*timeout*, *timedout*, *deadlineexceeded*"),
    codes: list(`
      ETIMEDOUT, ESOCKETTIMEDOUT, ETIME, WSAETIMEDOUT, ERR_TIMED_OUT, ERR_CONNECTION_TIMED_OUT,
      UND_ERR_CONNECT_TIMEOUT, UND_ERR_HEADERS_TIMEOUT, UND_ERR_BODY_TIMEOUT, DEADLINE_EXCEEDED,
      DeadlineExceeded, ERR_SOCKET_TIMEOUT, ETIMEOUT, FUNCTION_INVOCATION_TIMEOUT, RequestTimeout,
      ER_LOCK_WAIT_TIMEOUT, ER_QUERY_TIMEOUT, kind WouldBlock, unavailable os error 11,
      OperationTimedOut, MSG_TIMED_OUT, CONNECT_TIMEOUT, ER_CONNECTION_TIMEOUT, ER_SOCKET_TIMEOUT
    `),
    text: PHRASES.TIMEOUT,
  },
  {
    reason: "AUTHENTICATION_ERROR",
    grpc: [7, 16],
    http: [401, 403, 407, 511],
    types: list(`
      Unauthorized, UnauthorizedError, UnauthorizedException, Forbidden, ForbiddenError,
      ForbiddenException, PermissionDeniedError, PermissionError, TokenExpiredError,
      JsonWebTokenError, ExpiredJwtException, InvalidTokenError, ExpiredSignatureError,
      ExpiredTokenException, NoCredentialsError, InvalidGrantError, UnrecognizedClientException,
      LoginException, CredentialsProviderError, NotBeforeError, InvalidSignatureError,
      InvalidSignatureException, SignatureVerificationException, JWTDecodeException,
      JWTVerificationException, JwtException, TokenExpiredException, InsufficientPrivilege,
      InsufficientPrivilegeError, InvalidPassword, InvalidPasswordError, MqttSecurityException
    `),
    typeParts: list(`
      *authentication*, *authorization*, *unauthenticated*, *autherror*, *accesscontrol*,
      *nopermission*, *accessdenied*, *securityexception*, *accessrefused*, *credential*,
      *signature*, *jwt*, *jws*, *forbidden*, *unauthori*, *permissiondenied*, *expiredtoken*,
      *tokenexpired*, *invalidtoken*, *invalidpassword*, *authfail*
    `),
    codes: list(`
      EACCES, EPERM, EAUTH, UNAUTHENTICATED, PERMISSION_DENIED, PermissionDenied, WRONGPASS,
      NOAUTH, NOPERM, invalid_grant, invalid_client, ER_ACCESS_DENIED_ERROR, ExpiredToken,
      InvalidAccessKeyId, ER_TABLEACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, SQLSTATE 28*,
      SqlState E28*, 28P01, SQLSTATE 42501, SqlState E42501, AccessDenied, InvalidClientTokenId,
      SignatureDoesNotMatch, ACCESS_REFUSED, NotAuthorized, BadUserName*, AuthenticationFailed,
      TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED,
      SASL_AUTHENTICATION_FAILED
    `),
    text: PHRASES.AUTHENTICATION_ERROR,
  },
  {
    reason: "NETWORK_ERROR",
    grpc: [14],
    http: [521, 523, 525, 526, 530],
    types: list(`
      net.OpError, net.DNSError, RemoteDisconnected, UnknownHostException, NoRouteToHostException,
      EOFException, IncompleteRead, NoHttpResponseException, ProtocolError,
      ServerDisconnectedError, gaierror, SSLError, SSLHandshakeException, SSLException,
      SSLCertVerificationError, BrokerNotAvailableError, ClosedChannelException,
      CommunicationsException, httpx.ConnectError, httpx.ReadError, httpx.WriteError,
      ConnectException, URLError, ChunkedEncodingError, ClosedResourceError, RemoteProtocolError,
      IncompleteReadError, ProtocolException, BadStatusLine, ClientPayloadError,
      UnresolvedAddressException, SunCertPathBuilderException, MaxRetriesPerRequestError,
      MongoServerSelectionError, AutoReconnect, NghttpError, AdminShutdown, AdminShutdownError,
      CannotConnectNow, CannotConnectNowError, tls.RecordHeaderError, SSLEOFError,
      SSLZeroReturnError, SMTPConnectError, StreamLostError, IncompatibleProtocolError,
      ResourceAccessException, NoRespondersError, NoServersError
    `),
    typeParts: list(`
      *connectionerror*, *connectionrefused*, *connectionreset*, *connectionaborted*,
      *connectionclosed*, *connectionexception*, *connectorerror*, *networkerror*,
      *networkexception*, *socketerror*, *socketexception*, *nameresolution*, *unreachable*,
      *brokenpipe*, *notconnected*, *hostnotfound*, *socketclosed*, *masterdown*, *clusterdown*,
      *unexpectedclose*, *nohostavailable*, *allnodesfailed*, *connectfailed*, *connectionfailure*,
      *connectionlost*, *apiconnection*, *transporterror*, *hostresolution*, *couldnotconnect*
    `),
    codes: list(`
      ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH,
      ENETDOWN, ENETRESET, ENOTCONN, EADDRNOTAVAIL, ENOTFOUND, EAI_AGAIN, EAI_NONAME, EAI_FAIL,
      EAI_NODATA, EPROTO, WSAECONNREFUSED, WSAECONNRESET, UND_ERR_SOCKET, ERR_CONNECTION_REFUSED,
      ERR_CONNECTION_RESET, ERR_CONNECTION_CLOSED, ERR_NAME_NOT_RESOLVED,
      ERR_INTERNET_DISCONNECTED, ERR_NETWORK, ERR_HTTP2_STREAM_ERROR, ERR_SSL_WRONG_VERSION_NUMBER,
      CERT_HAS_EXPIRED, ERR_TLS_CERT_ALTNAME_INVALID, DEPTH_ZERO_SELF_SIGNED_CERT,
      SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERTIFICATE_VERIFY_FAILED, HPE*,
      x509, MASTERDOWN, CLUSTERDOWN, PROTOCOL_CONNECTION_LOST, ER_SERVER_SHUTDOWN,
      ERR_STREAM_PREMATURE_CLOSE, kind UnexpectedEof, IncompleteMessage, SQLSTATE 08*,
      SqlState E08*, SQLSTATE 57P*, SqlState E57P*, 57P01, 57P02, 57P03, EPROTOCOL, ECONNECTION,
      CONNECTION_FORCED, LEADER_NOT_AVAILABLE, COORDINATOR_NOT_AVAILABLE, BROKER_NOT_AVAILABLE,
      NETWORK_EXCEPTION, KafkaError code TRANSPORT, KafkaError code ALL_BROKERS_DOWN,
      KafkaError code RESOLVE, CONNECTION_CLOSED, CONNECTION_ENDED, CONNECTION_DESTROYED,
      ER_SOCKET_UNEXPECTED_CLOSE
    `),
    text: PHRASES.NETWORK_ERROR,
  },
  {
    reason: "VALIDATION_FAILED",
    grpc: [3, 11],
    http: [400, 405, 406, 411, 413, 414, 415, 416, 422, 431],
    types: list(`
      ValueError, IllegalArgumentException, NumberFormatException, ZodError, JSONDecodeError,
      JsonParseException, JsonMappingException, JsonSyntaxException, json.SyntaxError,
      json.UnmarshalTypeError, serde_json.Error, BadRequest, BadRequestError, BadRequestException,
      UnprocessableEntity, InvalidInputError, InvalidArgumentError, InvalidArgumentException,
      CastError, UnicodeDecodeError, DateTimeParseException, DateTimeException, ParseIntError,
      ParseFloatError, strconv.NumError, DecodeError, InvalidProtocolBufferException,
      MismatchedInputException, UnrecognizedPropertyException, time.ParseError,
      InvalidFormatException, MethodArgumentNotValidException, SAXParseException,
      MalformedURLException, URISyntaxException, YAMLException, ParserError, DataError,
      IntegrityError, Utf8Error, DuplicateKeyException, MissingSchema, InvalidURL, InvalidSchema,
      URIError, ParseError, ParseBoolError, AddrParseError, TryFromIntError,
      MalformedInputException, UnmappableCharacterException, JsonEOFException, UnsupportedProtocol,
      base64.CorruptInputError, hex.InvalidByteError, time.parseDurationError, net.AddrError,
      xml.SyntaxError, yaml.TypeError, toml.Error, uuid.Error, InvalidTextRepresentation,
      InvalidTextRepresentationError, StringDataRightTruncation, NumericValueOutOfRange,
      UnicodeEncodeError, decimal.InvalidOperation, StructError, CsvError, csv.Error, ron.Error,
      ron.SpannedError, quick_xml.Error, quick_xml.DeError, DeError, avro.Error, apache_avro.Error,
      garde.Report, MaxPayloadError, SQLDataException, toml.ParseError, AddressError,
      AddressException, ParsingException, ValiError, MultipleInvalid, voluptuous.Invalid,
      UnmarshalTypeError, mapstructure.Error, serde_core.Error, serde.Error, ciborium.Error,
      rmp_serde.Error, serde_yaml_ng.Error, serde_yaml.Error, serde_qs.Error,
      serde_urlencoded.Error, json5.Error, bincode.Error, postcard.Error, humantime.Error,
      FromHexError, schema.SchemaError
    `),
    typeParts: list(`
      *validation*, *validator*, *violation*, *schemaerror*, *parseerror*, *parsingerror*,
      *parseexception*, *decodeerror*, *deserializ*, *sqldataexception*, *integrityerror*,
      *integrityconstraint*, *integrityviolation*, *invalidrequest*, *invalidargument*,
      *badrequest*, *malformed*, *unprocessable*, *typemismatch*, *toolarge*, *invalidurl*,
      *xmlsyntax*, *jsonerror*, *invalidinput*, *constrainterror*, *invalidmessage*,
      *invalidparameter*, *invalidvalue*, *parserexception*, *parsererror*, *scannerexception*,
      *scannererror*, *insufficientbuffer*, *wrongtype*, *unexpectedtype*, *strictdecode*,
      *typeexception*
    `),
    codes: list(`
      InvalidArgument, ERR_VALIDATION, ERR_INVALID_URL, ERR_ENCODING_INVALID_ENCODED_DATA,
      Z_DATA_ERROR, InvalidUri, RelativeUrlWithoutBase, ER_DUP_ENTRY, ER_BAD_NULL_ERROR,
      ER_DATA_TOO_LONG, ER_NO_REFERENCED_ROW_2, ER_ROW_IS_REFERENCED_2,
      ER_CHECK_CONSTRAINT_VIOLATED, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, SQLSTATE 22*,
      SqlState E22*, SQLSTATE 23*, SqlState E23*, 22P02, CONTENT_TOO_LARGE, MSG_SIZE_TOO_LARGE,
      MESSAGE_TOO_LARGE, InvalidParameterValue, InvalidParameter
    `),
    text: PHRASES.VALIDATION_FAILED,
  },
  {
    reason: "PLUGIN_ERROR",
    types: list("ExtensionError"),
    typeParts: list("*plugin*"),
    text: PHRASES.PLUGIN_ERROR,
  },
  {
    reason: "WEBHOOK_FAILED",
    http: [402, 404, 409, 410, 412, 421, 423, 424, 425, 428, 451, 500, 501, 502, 503, 505, 520],
    typeParts: list(`
      *webhook*, *badgateway*, *serviceunavailable*, *internalservererror*, *toomanyredirects*,
      *maxredirects*, *toomanyredirect*, *redirectloop*
    `),
    codes: list("ERR_FR_TOO_MANY_REDIRECTS, TooManyRedirects"),
    text: PHRASES.WEBHOOK_FAILED,
  },
  {
    reason: "EXECUTION_FAILED",
    grpc: [12, 13],
    types: list(`
      TypeError, ReferenceError, RangeError, SyntaxError, EvalError, AssertionError,
      AttributeError, NameError, UnboundLocalError, IndexError, KeyError, LookupError,
      ZeroDivisionError, ArithmeticError, OverflowError, FloatingPointError, RecursionError,
      NotImplementedError, ImportError, ModuleNotFoundError, IndentationError, StopIteration,
      FileNotFoundError, CalledProcessError, NullPointerException, IllegalStateException,
      IndexOutOfBoundsException, ArrayIndexOutOfBoundsException, ClassCastException,
      StringIndexOutOfBoundsException, ArithmeticException, StackOverflowError,
      ConcurrentModificationException, UnsupportedOperationException, NoSuchElementException,
      NoSuchMethodError, NoClassDefFoundError, ClassNotFoundException, NegativeArraySizeException,
      ArrayStoreException, runtime.Error, runtime.boundsError, runtime.plainError, exec.ExitError,
      runtime.TypeAssertionError, PanicException, JoinError, NoMethodError, NullReferenceException,
      InvalidOperationException, IsADirectoryError, NotADirectoryError, NoSuchFileException,
      FileNotFoundException, AccessViolationException, exec.Error, json.UnsupportedTypeError,
      json.InvalidUnmarshalError, InvalidValidationError, InvalidDefinitionException,
      SQLSyntaxErrorException, BadSqlGrammarException, ProgrammingError, UndefinedTable,
      UndefinedTableError, UndefinedColumn, UndefinedColumnError, PostgresSyntaxError,
      jsonschema.SchemaError, ConfigException, NoScriptError, JedisNoScriptException,
      ResponseNotReady, CannotSendRequest, VarError, SchemaParseException, PathElementException,
      UnknownPathException, SQLGrammarException, cerberus.SchemaError,
      jsonschema.SchemaValidationError
    `),
    typeParts: list("*executionerror*, *sqlsyntax*, *sqlgrammar*, *badsqlgrammar*"),
    codes: list(`
      ENOENT, ERR_ASSERTION, MODULE_NOT_FOUND, ENOEXEC, EISDIR, ENOTDIR, EBADF,
      ERR_STREAM_WRITE_AFTER_END, WRONGTYPE, NOSCRIPT, ER_PARSE_ERROR, ER_BAD_FIELD_ERROR,
      ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR, SQLSTATE 42*, SqlState E42*, 42P01, SQLSTATE 3D*,
      SqlState E3D*, 3D000, UNKNOWN_TABLE, UNKNOWN_IDENTIFIER, UNKNOWN_DATABASE
    `),
    text: PHRASES.EXECUTION_FAILED,
  },
];
