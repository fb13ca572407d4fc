//! Contents of artifacts: reserved with their bytes of the day's quota, stored, published by the log, or given up.

use super::quota::{DayQuota, take_bytes};
use crate::{
    Store, StoreError,
    column::{bigint, count},
};
use cowork_domain::ids::{OrgId, SessionId};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How far a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactState {
    /// It is being written.
    Reserved,
    /// It is there and checked.
    Stored,
    /// It was given up; its objects are removed next.
    CleanupPending,
    /// It was given up and removed.
    Cleaned,
}

impl ArtifactState {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Stored => "stored",
            Self::CleanupPending => "cleanup_pending",
            Self::Cleaned => "cleaned",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Reserved, Self::Stored, Self::CleanupPending, Self::Cleaned].into_iter().find(|state| state.as_str() == word)
    }
}

/// A content that is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifactObject {
    /// Whose log it will be in.
    pub session: SessionId,
    /// As clients name it.
    pub artifact: String,
    /// Whose quota it takes.
    pub org: OrgId,
    /// Where it will lie.
    pub object_key: String,
    /// Where a client puts it first.
    pub upload_key: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// Media type.
    pub content_type: Option<String>,
    /// What a client said with it, as JSON text.
    pub metadata: Option<String>,
    /// After this time it is given up unless it is published.
    pub lifetime: Duration,
}

/// A content as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactObject {
    /// Whose log it is in.
    pub session: SessionId,
    /// As clients name it.
    pub artifact: String,
    /// How far it is.
    pub state: ArtifactState,
    /// Where it lies.
    pub object_key: String,
    /// Where a client puts it first.
    pub upload_key: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// Media type.
    pub content_type: Option<String>,
    /// What a client said with it, as JSON text.
    pub metadata: Option<String>,
    /// Its event is in the log.
    pub published: bool,
    /// Until it is given up; zero when that is due.
    pub rest: Duration,
}

/// What became of a wish to write a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// It may be written.
    Made,
    /// The session has an artifact of this name.
    Known(Box<ArtifactObject>),
    /// The organisation's bytes of this day are used up.
    QuotaExceeded {
        /// Until the day ends.
        retry_after: Duration,
    },
}

struct ObjectRow {
    session: Uuid,
    artifact: String,
    state: String,
    object_key: String,
    upload_key: Option<String>,
    size: i64,
    sha256: String,
    content_type: Option<String>,
    metadata: Option<String>,
    published: bool,
    rest: f64,
}

impl ObjectRow {
    fn read(self) -> Result<ArtifactObject, StoreError> {
        let wrong = || StoreError::inconsistent("artifact_objects", &self.artifact, "unknown state");
        Ok(ArtifactObject {
            state: ArtifactState::parse(&self.state).ok_or_else(wrong)?,
            session: SessionId::from_uuid(self.session),
            artifact: self.artifact,
            object_key: self.object_key,
            upload_key: self.upload_key,
            size: count(self.size),
            sha256: self.sha256,
            content_type: self.content_type,
            metadata: self.metadata,
            published: self.published,
            rest: Duration::try_from_secs_f64(self.rest).unwrap_or_default(),
        })
    }
}

/// A reservation in somebody's hand, until when.
#[derive(Debug, Clone, Copy)]
pub struct ArtifactClaim(OffsetDateTime);

impl Store {
    /// Reserves a place for a content and takes its bytes from the day's quota: both or neither, exactly, over all nodes.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn reserve_artifact(&self, new: &NewArtifactObject, bytes_per_day: Option<u64>) -> Result<Reservation, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let made = sqlx::query!(
            "insert into artifact_objects (session, artifact, org, state, object_key, upload_key, size, sha256, content_type, metadata, day, expires_at)
             values ($1, $2, $3, 'reserved', $4, $5, $6, $7, $8, $9, (now() at time zone 'utc')::date, now() + make_interval(secs => $10))
             on conflict (session, artifact) do nothing",
            new.session.as_uuid(),
            new.artifact,
            new.org.as_str(),
            new.object_key,
            new.upload_key,
            bigint(new.size),
            new.sha256,
            new.content_type,
            new.metadata,
            new.lifetime.as_secs_f64()
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if made == 0 {
            transaction.rollback().await?;
            let known = self.artifact_object(&new.org, new.session, &new.artifact).await?;
            // Another organisation's row can't have this session; a row that went meanwhile is met by the next try.
            let known = known.ok_or_else(|| StoreError::Unavailable("the reservation changed meanwhile".to_owned()))?;
            return Ok(Reservation::Known(Box::new(known)));
        }
        if let DayQuota::UsedUp { retry_after } = take_bytes(&mut transaction, &new.org, new.size, bytes_per_day).await? {
            transaction.rollback().await?;
            return Ok(Reservation::QuotaExceeded { retry_after });
        }
        transaction.commit().await?;
        Ok(Reservation::Made)
    }

    /// The content of an artifact.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn artifact_object(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<Option<ArtifactObject>, StoreError> {
        let row = sqlx::query_as!(
            ObjectRow,
            r#"select session, artifact, state, object_key, upload_key, size, sha256, content_type, metadata, published,
                      greatest(0, extract(epoch from expires_at - now()))::float8 as "rest!"
                 from artifact_objects where session = $1 and artifact = $2 and org = $3"#,
            session.as_uuid(),
            artifact,
            org.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(ObjectRow::read).transpose()
    }

    /// Takes a reservation in hand, so that nobody else finishes it or gives it up for this long; none if somebody did, or does.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_artifact(
        &self,
        org: &OrgId,
        session: SessionId,
        artifact: &str,
        hold: Duration,
    ) -> Result<Option<ArtifactClaim>, StoreError> {
        let until = sqlx::query_scalar!(
            r#"update artifact_objects set claimed_until = now() + make_interval(secs => $4)
              where session = $1 and artifact = $2 and org = $3 and state in ('reserved', 'stored') and expires_at > now()
                and (claimed_until is null or claimed_until < now())
             returning claimed_until as "until!""#,
            session.as_uuid(),
            artifact,
            org.as_str(),
            hold.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(until.map(ArtifactClaim))
    }

    /// Lets a reservation go as it is, unless somebody else has it meanwhile.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn release_artifact(
        &self,
        org: &OrgId,
        session: SessionId,
        artifact: &str,
        ArtifactClaim(until): ArtifactClaim,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update artifact_objects set claimed_until = null where session = $1 and artifact = $2 and org = $3 and claimed_until = $4",
            session.as_uuid(),
            artifact,
            org.as_str(),
            until
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The content is there and checked. False if the reservation was given up meanwhile: then nothing may be published.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn artifact_stored(&self, org: &OrgId, session: SessionId, artifact: &str, lifetime: Duration) -> Result<bool, StoreError> {
        let stored = sqlx::query!(
            "update artifact_objects set state = 'stored', expires_at = now() + make_interval(secs => $4)
              where session = $1 and artifact = $2 and org = $3 and state in ('reserved', 'stored')",
            session.as_uuid(),
            artifact,
            org.as_str(),
            lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(stored.rows_affected() == 1)
    }

    /// Gives a content up and its bytes back, unless it is published or somebody works on it. Its objects are removed by whoever works the list off: at
    /// once if it came through us, and not before a client's credential is over otherwise. Returns whether it was given up now.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn give_up_artifact(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<bool, StoreError> {
        let given_up = sqlx::query_scalar!(
            r#"with gone as (
                   update artifact_objects
                      set state = 'cleanup_pending', claimed_until = null,
                          expires_at = case when upload_key is null then now() else least(expires_at, now() + interval '16 minutes') end
                    where session = $1 and artifact = $2 and org = $3 and state in ('reserved', 'stored') and not published
                      and (claimed_until is null or claimed_until < now())
                   returning org, day, size),
               given_back as (
                   update artifact_days d set bytes = greatest(0, d.bytes - gone.size) from gone where d.org = gone.org and d.day = gone.day)
               select count(*) as "count!" from gone"#,
            session.as_uuid(),
            artifact,
            org.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(given_up > 0)
    }

    /// Takes in hand, for a minute, contents whose time is over without an event in the log. What was not given up before is now,
    /// and its bytes are given back.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn claim_orphaned_artifacts(&self, most: u32) -> Result<Vec<ArtifactObject>, StoreError> {
        let rows = sqlx::query_as!(
            ObjectRow,
            r#"with due as (
                   select session, artifact, state as before from artifact_objects
                    where not published and state <> 'cleaned' and expires_at < now() and (claimed_until is null or claimed_until < now())
                    order by expires_at limit $1 for update skip locked),
               taken as (
                   update artifact_objects o set state = 'cleanup_pending', claimed_until = now() + interval '1 minute'
                     from due where o.session = due.session and o.artifact = due.artifact
                   returning o.*, due.before),
               given_back as (
                   update artifact_days d set bytes = greatest(0, d.bytes - t.bytes)
                     from (select org, day, sum(size)::bigint as bytes from taken where before <> 'cleanup_pending' group by org, day) t
                    where d.org = t.org and d.day = t.day)
               select session, artifact, state, object_key, upload_key, size, sha256, content_type, metadata, published, 0::float8 as "rest!"
                 from taken"#,
            i64::from(most)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(ObjectRow::read).collect()
    }

    /// The objects of a content that was given up are gone. Names that clients chose stay taken for good.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn artifact_cleaned(&self, session: SessionId, artifact: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "with gone as (delete from artifact_objects where session = $1 and artifact = $2 and state = 'cleanup_pending' and upload_key is null)
             update artifact_objects set state = 'cleaned', claimed_until = null
              where session = $1 and artifact = $2 and state = 'cleanup_pending' and upload_key is not null",
            session.as_uuid(),
            artifact
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Bytes of artifacts that an organisation took today.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn artifact_bytes_today(&self, org: &OrgId) -> Result<u64, StoreError> {
        let bytes =
            sqlx::query_scalar!("select bytes from artifact_days where org = $1 and day = (now() at time zone 'utc')::date", org.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(bytes.map_or(0, count))
    }
}
