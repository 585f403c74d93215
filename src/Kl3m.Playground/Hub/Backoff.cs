namespace Kl3m.Playground.Hub;

/// <summary>Asks again after what may pass: 1, 2, 4 ... 60 s, or as long as the server said. Gives up after eight tries in a row that brought nothing.</summary>
internal sealed partial class Backoff(TimeProvider time, ILogger logger)
{
    private const int Tries = 8;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(10);

    /// <param name="attempt">One try; it says through its argument that it got somewhere, which renews the patience.</param>
    public async Task<T> RunAsync<T>(Func<Action, Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                return await attempt(() => failures = 0);
            }
            catch (HubException exception) when (exception.Transient && ++failures < Tries)
            {
                var wait = exception.RetryAfter is { } asked ? Between(TimeSpan.Zero, asked, LongestAsked) : Between(TimeSpan.Zero, TimeSpan.FromSeconds(Math.Pow(2, failures - 1)), Longest);
                LogAgain(exception.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancellationToken);
            }
            catch (HubException exception) when (exception.Transient)
            {
                throw new HubException($"{exception.Message} Gave up after {Tries} tries; what was fetched is kept, and starting again goes on from there.", exception);
            }
        }
    }

    private static TimeSpan Between(TimeSpan least, TimeSpan value, TimeSpan most) => value < least ? least : value > most ? most : value;

    [LoggerMessage(LogLevel.Warning, "{Problem} Trying again in {Seconds:0.#} s")]
    private partial void LogAgain(string problem, double seconds);
}
