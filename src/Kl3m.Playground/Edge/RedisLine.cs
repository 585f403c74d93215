using StackExchange.Redis;

namespace Kl3m.Playground.Edge;

/// <summary>The one line to Redis, opened when it is first needed. Redis may come up after us, or go and come back.</summary>
internal sealed class RedisLine(string connection) : IDisposable
{
    private readonly Lazy<IConnectionMultiplexer> redis = new(() =>
    {
        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false;
        options.AsyncTimeout = Math.Min(options.AsyncTimeout, 3000); // a class waits for it
        options.ReconnectRetryPolicy = new LinearRetry(500);
        return ConnectionMultiplexer.Connect(options);
    });

    public IConnectionMultiplexer Redis => redis.Value;

    public void Dispose()
    {
        if (redis.IsValueCreated)
        {
            redis.Value.Dispose();
        }
    }
}
