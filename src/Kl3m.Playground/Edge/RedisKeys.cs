using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using StackExchange.Redis;

namespace Kl3m.Playground.Edge;

/// <summary>
/// Data protection's keys in Redis, where all nodes find them. They lie there as they are: who reads this Redis can make cookies of ours.
/// Redis is asked when the keys are first needed and once a day from then on; in between it may be away.
/// </summary>
internal sealed class RedisKeys(string connection) : IXmlRepository
{
    private const string Key = "kl3m-playground:keys";

    private readonly Lazy<IConnectionMultiplexer> redis = new(() =>
    {
        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false; // it may come up after us, or go and come back
        return ConnectionMultiplexer.Connect(options);
    });

    public IReadOnlyCollection<XElement> GetAllElements() => [.. redis.Value.GetDatabase().ListRange(Key).Select(element => XElement.Parse(element.ToString()))];

    public void StoreElement(XElement element, string friendlyName) => redis.Value.GetDatabase().ListRightPush(Key, element.ToString(SaveOptions.DisableFormatting));
}
