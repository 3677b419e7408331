package kotlin.coroutines;

/** The last parameter of Kotlin's suspend functions. */
public interface Continuation<T> {}
