// Names of the administration and operations views: what the navigation and the palette need at once. Their other words are in
// en.manage.ts and en.operate.ts, which only those views load.

export const admin = {
  titles: {
    members: 'Members',
    roles: 'Roles',
    tokens: 'API tokens',
    keys: 'Provider keys',
    channels: 'Channels',
    policy: 'Policy',
    usage: 'Usage',
    audit: 'Audit log',
    actors: 'Actors',
    cluster: 'Cluster',
    performance: 'Performance',
    invite: 'Invitation',
  },
}
