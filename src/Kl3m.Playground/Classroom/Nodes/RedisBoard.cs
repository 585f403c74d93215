using Kl3m.Playground.Edge;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>Rooms in Redis: a hash for each room's state and version, and one channel for what nodes say. All of it expires by itself.</summary>
internal sealed partial class RedisBoard : RoomBoard, IHostedService
{
    private const string Prefix = "kl3m-playground:";

    private const string Write = """
        local kept = redis.call('HGET', KEYS[1], 'version')
        if kept then
          if tonumber(kept) > tonumber(ARGV[1]) then return redis.call('HGET', KEYS[1], 'state') end
          if tonumber(kept) == tonumber(ARGV[2]) then return false end
        end
        redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        redis.call('PUBLISH', KEYS[2], ARGV[5])
        return false
        """;

    private const string Append = """
        local length = redis.call('LLEN', KEYS[1])
        if length ~= tonumber(ARGV[1]) then return length end
        for i = 4, #ARGV do length = redis.call('RPUSH', KEYS[1], ARGV[i]) end
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        if #ARGV > 3 then redis.call('PUBLISH', KEYS[2], ARGV[3]) end
        return length
        """;

    private static readonly RedisChannel Channel = RedisChannel.Literal(Prefix + "rooms");

    private readonly RedisLine line;
    private readonly ILogger<RedisBoard> logger;
    private readonly long keep;
    private volatile bool listening;

    public RedisBoard(RedisLine line, IOptions<ClassroomOptions> options, ILogger<RedisBoard> logger)
    {
        (this.line, this.logger) = (line, logger);
        keep = (long)TimeSpan.FromMinutes(options.Value.IdleMinutes + 60).TotalMilliseconds;
    }

    private IDatabase Database => line.Redis.GetDatabase();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        line.Redis.ConnectionRestored += (_, _) => _ = ListenAsync(returned: true);
        return ListenAsync(returned: false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<byte[]?> ReadRoomAsync(string code) => AskAsync(async () => (byte[]?)await Database.HashGetAsync(Room(code), "state"));

    public override Task<byte[]?> WriteRoomAsync(string code, long known, long version, byte[] state, byte[] words) => AskAsync(async () =>
        (byte[]?)await Database.ScriptEvaluateAsync(Write, [Room(code), Prefix + "rooms"], [known, version, state, keep, words]));

    public override Task<byte[]?> ReadAsync(string name) => AskAsync(async () => (byte[]?)await Database.StringGetAsync(Prefix + name));

    public override Task WriteAsync(string name, byte[] bytes) => AskAsync(() => Database.StringSetAsync(Prefix + name, bytes, TimeSpan.FromMilliseconds(keep)));

    public override Task<IReadOnlyList<byte[]>> ReadListAsync(string name, int from) => AskAsync<IReadOnlyList<byte[]>>(async () =>
        [.. (await Database.ListRangeAsync(Prefix + name, from)).Select(piece => (byte[])piece!)]);

    public override Task<int> AppendAsync(string name, int length, IReadOnlyList<byte[]> pieces, byte[] words) => AskAsync(async () =>
        (int)await Database.ScriptEvaluateAsync(Append, [Prefix + name, Prefix + "rooms"], [length, keep, words, .. pieces]));

    public override Task SayAsync(byte[] words) => AskAsync(() => Database.PublishAsync(Channel, words));

    // The library keeps a subscription through lost lines; one that could not be made at first is tried again with the line.
    private async Task ListenAsync(bool returned)
    {
        try
        {
            if (!listening)
            {
                (await line.Redis.GetSubscriber().SubscribeAsync(Channel).ConfigureAwait(false)).OnMessage(message => Hear((byte[])message.Message!));
                listening = true;
            }
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            LogDeaf(failure.Message);
        }
        if (returned)
        {
            Return();
        }
    }

    [LoggerMessage(LogLevel.Warning, "What other nodes tell of rooms cannot be listened to, and is tried again when Redis is back: {Reason}")]
    private partial void LogDeaf(string reason);

    private static RedisKey Room(string code) => Prefix + "room:" + code;

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        if (!line.Redis.IsConnected)
        {
            // At once: a class should be told, not kept waiting.
            throw new BoardAwayException();
        }
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            throw new BoardAwayException(failure);
        }
    }
}
